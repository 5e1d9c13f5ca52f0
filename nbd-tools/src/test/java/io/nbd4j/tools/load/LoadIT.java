package io.nbd4j.tools.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.nbd4j.testkit.RealServer;
import io.nbd4j.testkit.junit.RequiresServer;
import io.nbd4j.tools.NbdCommand;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The whole command, on servers that do what they should. */
class LoadIT {
    @TempDir
    Path directory;

    @Test
    void withoutATargetRunsTheBuiltInServer() throws Exception {
        // When
        Map<String, Object> figures = figures("--json", "--warmup", "0", "--runtime", "0.5");

        // Then
        assertThat((Double) figures.get("iops")).isPositive();
        assertThat(figures).containsEntry("errors", 0L).containsEntry("jdk", System.getProperty("java.version"));
    }

    @Test
    @RequiresServer("nbdkit")
    void printsATableAndNothingElse() throws Exception {
        // When
        NbdCommand.Result result =
                load("[", "nbdkit", "-s", "memory", "64M", "]", "--warmup", "0.2", "--runtime", "0.5");

        // Then
        assertThat(result.err()).isEmpty();
        assertThat(result.status()).isZero();
        assertThat(result.out())
                .startsWith("randread 4 KiB, iodepth 64, 1 connection, ")
                .containsPattern("\nIOPS +[0-9,]+\n")
                .containsPattern("\nerrors +0\n$");
    }

    @Test
    @RequiresServer("nbdkit")
    void countsWhatTheServerServed() throws Exception {
        // Given
        Path statistics = directory.resolve("statistics");
        String[] server = {"[", "nbdkit", "-s", "--filter=stats", "memory", "64M", "statsfile=" + statistics, "]"};

        // When
        Map<String, Object> figures =
                figures(server, "--json", "--warmup", "0", "--runtime", "1", "--iodepth", "16", "--bs", "8k");

        // Then
        Matcher reads = Pattern.compile("(?m)^read: ([0-9]+) ops").matcher(Files.readString(statistics));
        assertThat(reads.find()).isTrue();
        // What was in flight at the end was served but not counted.
        double iops = Json.number(figures, "iops");
        assertThat(Double.parseDouble(reads.group(1)) - iops).isBetween(0.0, 16.0);
        assertThat(Json.number(figures, "bytes_per_second")).isCloseTo(iops * 8192, within(8192.0));
        assertThat((Double) figures.get("cpu_us_per_io")).isPositive();
    }

    @Test
    @RequiresServer("nbdkit")
    void aThreadOfItsOwnCanIssueTheRequestsOfEachConnection() throws Exception {
        // When
        NbdCommand.Result result = load(
                "[",
                "nbdkit",
                "-s",
                "memory",
                "1M",
                "]",
                "--off-loop",
                "--connections",
                "2",
                "--rw",
                "randrw",
                "--verify",
                "--warmup",
                "0.1",
                "--runtime",
                "0.5");

        // Then
        assertThat(result.err()).isEmpty();
        assertThat(result.status()).isZero();
        assertThat(result.out())
                .startsWith("randrw 4 KiB, iodepth 64, 2 connections, off the event loop, ")
                .containsPattern("\nIOPS +[1-9][0-9,]*\n")
                .containsPattern("\nverified +[1-9][0-9,]*$")
                .containsPattern("\nerrors +0\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"read", "write", "randread", "randwrite", "randrw"})
    @RequiresServer("nbdkit")
    void everyPatternDoesWhatItsNameSays(String pattern) throws Exception {
        // Given
        Path statistics = directory.resolve("statistics");
        String[] server = {"[", "nbdkit", "-s", "--filter=stats", "memory", "64M", "statsfile=" + statistics, "]"};

        // When
        figures(server, "--json", "--rw", pattern, "--warmup", "0", "--runtime", "0.3");

        // Then
        String served = Files.readString(statistics);
        assertThat(served.contains("\nread: ")).isEqualTo(pattern.contains("r") && !pattern.endsWith("write"));
        assertThat(served.contains("\nwrite: ")).isEqualTo(pattern.contains("w"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"pipe", "stream"})
    @EnabledOnOs(OS.LINUX)
    @RequiresServer("nbdkit")
    void goesByTheTransportThatItIsTold(String transport) throws Exception {
        // Given
        String[] server = {"[", "nbdkit", "-s", "memory", "1M", "]"};

        // When
        Map<String, Object> figures =
                figures(server, "--json", "--subprocess-transport", transport, "--warmup", "0", "--runtime", "0.3");

        // Then
        assertThat(figures).containsEntry("transport", transport).containsEntry("errors", 0L);
    }

    @ParameterizedTest
    @ValueSource(strings = {"write", "randwrite", "randrw"})
    @RequiresServer("nbdkit")
    void verifiesWhatItWrote(String pattern) throws Exception {
        // Given
        String[] server = {"[", "nbdkit", "-s", "memory", "1M", "]"};

        // When
        Map<String, Object> figures =
                figures(server, "--json", "--verify", "--rw", pattern, "--warmup", "0.1", "--runtime", "0.5");

        // Then
        assertThat((Long) figures.get("verified")).isGreaterThanOrEqualTo(256);
        assertThat(figures).containsEntry("errors", 0L);
    }

    @Test
    @RequiresServer("nbdkit")
    void connectionsToOneExportShareIt() throws Exception {
        // Given
        try (RealServer server = RealServer.nbdkit("memory", "1M")) {
            // When
            Map<String, Object> figures = figures(
                    "--json",
                    server.uri(),
                    "--connections=3",
                    "--verify",
                    "--rw=randrw",
                    "--warmup=0",
                    "--runtime=0.5");

            // Then
            assertThat((Long) figures.get("verified")).isGreaterThanOrEqualTo(256);
            assertThat(figures).containsEntry("errors", 0L).containsEntry("transport", "unix");
        }
    }

    @Test
    @RequiresServer("nbdkit")
    void severalConnectionsStartSeveralServers() throws Exception {
        // Given: servers that write down their first connection
        Path log = directory.resolve("log");
        String[] server = {"[", "nbdkit", "-s", "--filter=log", "memory", "1M", "logfile=" + log, "logappend=true", "]"
        };

        // When
        figures(server, "--json", "--connections", "2", "--iodepth", "1", "--warmup", "0", "--runtime", "0.3");

        // Then
        assertThat(Files.readString(log).split("connection=1 Connect ", -1)).hasSize(3);
    }

    @Test
    @RequiresServer("nbdkit")
    void keepsToTheRate() throws Exception {
        // Given
        String[] server = {"[", "nbdkit", "-s", "memory", "1M", "]"};

        // When
        Map<String, Object> figures = figures(server, "--json", "--rate", "50", "--warmup", "0", "--runtime", "2");

        // Then: one is due at the start, and the last may end after the end
        assertThat((Double) figures.get("iops")).isBetween(1.0, 50.5);
    }

    @Test
    @RequiresServer("nbdkit")
    void refusedRequestsAreCounted() throws Exception {
        // Given
        String[] server = {"[", "nbdkit", "-s", "--filter=error", "pattern", "1M", "error-rate=50%", "]"};

        // When
        Map<String, Object> figures = figures(server, "--json", "--warmup", "0", "--runtime", "0.5");

        // Then
        assertThat((Long) figures.get("errors")).isPositive();
        assertThat((Double) figures.get("iops")).isPositive();
    }

    @Test
    @RequiresServer({"nbdkit", "script"})
    void showsProgressOnATerminal() throws Exception {
        // Given
        String command = String.join(
                " ",
                NbdCommand.argv(
                        List.of(), "load", "[", "nbdkit", "-s", "memory", "1M", "]", "--warmup=0", "--runtime=2"));

        // When
        NbdCommand.Result result = NbdCommand.startArgv(directory, List.of("script", "-qec", command, "/dev/null"))
                .await();

        // Then
        assertThat(result.status()).isZero();
        assertThat(result.out()).containsPattern("\r\u001b\\[Krandread  [0-9]+ s  [0-9,]+ IOPS");
    }

    private NbdCommand.Result load(String... arguments) throws Exception {
        String[] all = new String[arguments.length + 1];
        all[0] = "load";
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        return NbdCommand.run(directory, all);
    }

    private Map<String, Object> figures(String[] server, String... options) throws Exception {
        String[] all = new String[server.length + options.length];
        System.arraycopy(options, 0, all, 0, options.length);
        System.arraycopy(server, 0, all, options.length, server.length);
        return figures(all);
    }

    private Map<String, Object> figures(String... arguments) throws Exception {
        NbdCommand.Result result = load(arguments);
        assertThat(result.err()).isEmpty();
        assertThat(result.status()).isZero();
        return Json.parse(result.out());
    }
}
