package io.nbd4j.tools.load;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.testkit.junit.RequiresServer;
import io.nbd4j.tools.NbdCommand;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The whole command, where something is wrong: exit status 1, and exactly one line. */
class LoadFailureIT {
    @TempDir
    Path directory;

    static Stream<Arguments> failures() {
        return Stream.of(
                failure("command not found: no-such-server", "[ no-such-server ]"),
                failure("nbdkit needs -s", "[ true ]"),
                failure("no-such-socket", "nbd+unix:///?socket=no-such-socket"),
                failure("--iodepth", "--iodepth 0"),
                failure("Unknown option", "--io-depth 4"),
                failure("neither an NBD URI", "nbdkit"),
                failure(
                        "read-only",
                        "[ java -cp CLASSPATH io.nbd4j.tools.Main serve --stdio --memory 1m --read-only ]"
                                + " --rw write"),
                failure(
                        "read-only, and --fill writes",
                        "[ java -cp CLASSPATH io.nbd4j.tools.Main serve --stdio --memory 1m --read-only ] --fill"),
                failure("less than one block", "[ java -cp CLASSPATH io.nbd4j.tools.Main serve --stdio --memory 1k ]"));
    }

    static Stream<Arguments> failuresOnNbdkit() {
        return Stream.of(
                failure(
                        "minimum block of 4096",
                        "[ nbdkit -s --filter=blocksize-policy memory 1M blocksize-minimum=4k ]" + " --bs 512"),
                failure(
                        "--fill failed: WRITE [0, 1048576): refused by the server (EIO)",
                        "[ nbdkit -s --filter=error memory 1M error-pwrite-rate=100% ] --fill"),
                failure("1048576 bytes, less than one block", "[ nbdkit -s memory 1M ] --bs 1g"));
    }

    private static Arguments failure(String complaint, String arguments) {
        return Arguments.of(complaint, arguments);
    }

    @ParameterizedTest
    @MethodSource("failures")
    void failsWithOneLine(String complaint, String arguments) throws Exception {
        assertOneLine(load(arguments), complaint);
    }

    @ParameterizedTest
    @MethodSource("failuresOnNbdkit")
    @RequiresServer("nbdkit")
    void failsWithOneLineOnNbdkit(String complaint, String arguments) throws Exception {
        assertOneLine(load(arguments), complaint);
    }

    @Test
    @RequiresServer("nbdkit")
    void saysWhatIsWrongWithAServerThatGoesToTheBackground() throws Exception {
        // Given
        Path pidFile = directory.resolve("pid");

        // When
        NbdCommand.Result result =
                load("[ nbdkit -U " + directory.resolve("socket") + " -P " + pidFile + " memory 1M ]");

        // Then
        Awaitility.await().until(() -> Files.exists(pidFile) && Files.size(pidFile) > 0);
        ProcessHandle.of(Long.parseLong(Files.readString(pidFile).strip())).ifPresent(ProcessHandle::destroy);
        assertOneLine(result, "nbdkit needs -s");
    }

    @Test
    @RequiresServer("nbdkit")
    void failsWhenTheBuffersDoNotFitTheMemory() throws Exception {
        // Given
        List<String> argv = NbdCommand.argv(
                List.of("-XX:MaxDirectMemorySize=64m"),
                "load",
                "--bs=1m",
                "--iodepth=128",
                "[",
                "nbdkit",
                "-s",
                "memory",
                "1G",
                "]");

        // When
        NbdCommand.Result result = NbdCommand.startArgv(directory, argv).await();

        // Then
        assertOneLine(result, "not enough direct memory for 1 x 128 blocks of 1048576 bytes in flight");
    }

    @Test
    @RequiresServer("nbdkit")
    void failsWhenEveryRequestIsRefused() throws Exception {
        // When
        NbdCommand.Result result =
                load("[ nbdkit -s --filter=error pattern 1M error-rate=100% ] --warmup 0 --runtime 0.3 --json");

        // Then
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err().lines()).singleElement().asString().contains("every request failed, first READ");
        assertThat((Long) Json.parse(result.out()).get("errors")).isPositive();
    }

    @Test
    @RequiresServer("nbdkit")
    void failsWhenTheServerLosesWhatWasWritten() throws Exception {
        // Given
        List<String> argv = NbdCommand.argv(
                List.of(),
                "load",
                "--verify",
                "--rw=randrw",
                "--iodepth=4",
                "--warmup=0",
                "--runtime=1",
                "--json",
                "[",
                "nbdkit",
                "-s",
                "eval",
                "get_size=echo 64k",
                "can_write=exit 0",
                "pread=head -c $3 /dev/zero",
                "pwrite=cat >/dev/null",
                "]");

        // When
        NbdCommand.Result result = NbdCommand.startArgv(directory, argv).await();

        // Then
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err().lines())
                .singleElement()
                .asString()
                .contains("were not read back as they were written, first the block at offset ");
        Map<String, Object> figures = Json.parse(result.out());
        assertThat((Long) figures.get("errors")).isPositive();
        assertThat(figures).containsEntry("verified", 0L);
    }

    @Test
    @RequiresServer("nbdkit")
    void failsWhenTheServerIsKilled() throws Exception {
        // Given: a server that has served something
        Path log = directory.resolve("log");
        NbdCommand command = NbdCommand.start(
                directory,
                ("load [ nbdkit -s --filter=log memory 1M logfile=" + log + " ] --warmup 60 --json").split(" "));
        Awaitility.await().until(() -> ServerLog.hasRead(log));

        // When
        command.process().children().forEach(ProcessHandle::destroyForcibly);

        // Then
        assertOneLine(command.await(), "nbd load: ");
    }

    @Test
    void debugShowsTheStackTrace() throws Exception {
        // When
        NbdCommand.Result result = load("--debug [ true ]");

        // Then
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.err()).contains("nbd load: true ended", "\tat io.nbd4j.", " DEBUG io.nbd4j.");
    }

    private static void assertOneLine(NbdCommand.Result result, String complaint) {
        assertThat(result.err().lines())
                .singleElement()
                .asString()
                .startsWith("nbd load: ")
                .contains(complaint);
        assertThat(result.out()).isEmpty();
        assertThat(result.status()).isEqualTo(1);
    }

    private NbdCommand.Result load(String arguments) throws Exception {
        String[] all = ("load " + arguments).split(" ");
        for (int i = 0; i < all.length; i++) {
            all[i] = all[i].replace("CLASSPATH", System.getProperty("java.class.path"));
        }
        return NbdCommand.run(directory, all);
    }
}
