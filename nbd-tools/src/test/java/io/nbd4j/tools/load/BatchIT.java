package io.nbd4j.tools.load;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.testkit.RealServer;
import io.nbd4j.testkit.junit.RequiresServer;
import io.nbd4j.tools.NbdCommand;
import java.io.BufferedReader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several tests in one JVM. */
@RequiresServer("nbdkit")
class BatchIT {
    private static final String SHORT = "--warmup 0.1 --runtime 0.3";

    @TempDir
    Path directory;

    @Test
    void answersEachLineWithOneAndGoesOnAfterABadOne() throws Exception {
        try (RealServer server = RealServer.nbdkit("memory", "4M")) {
            // Given
            List<String> lines = List.of(
                    SHORT + " --rw randwrite --iodepth 4 " + server.uri(),
                    SHORT + " [ nbdkit -s memory 1M ] --bs 64m",
                    SHORT + " --json --verify --rw randrw [ sh -c 'exec nbdkit -s memory \"1M\"' ]");

            // When
            NbdCommand.Result result = batch(lines);

            // Then
            assertThat(result.err()).isEqualTo("nbd load: 1 of 3 tests failed\n");
            assertThat(result.status()).isEqualTo(1);
            List<Map<String, Object>> answers = parse(result.out());
            assertThat(answers).hasSize(3);
            assertThat(answers.get(0)).containsEntry("errors", 0L).containsEntry("transport", "unix");
            assertThat(answers.get(1)).containsOnlyKeys("error");
            assertThat((String) answers.get(1).get("error")).startsWith("the export has 1048576 bytes, less than one");
            assertThat(answers.get(2)).containsEntry("errors", 0L);
            assertThat((Long) answers.get(2).get("verified")).isPositive();
            assertThat(answers.get(0).get("cpu_us_per_io"))
                    .satisfies(cpu -> assertThat((Double) cpu).isPositive());
        }
    }

    @Test
    void answersALineBeforeTheNextIsThere() throws Exception {
        // Given
        Process process = new ProcessBuilder(NbdCommand.argv(List.of(), "load", "--batch"))
                .redirectError(directory.resolve("err").toFile())
                .start();
        List<String> answers = new ArrayList<>();

        // When
        try (Writer in = process.outputWriter();
                BufferedReader out = process.inputReader()) {
            for (int i = 0; i < 2; i++) {
                in.write(SHORT + " [ nbdkit -s memory 1M ]\n");
                in.flush();
                answers.add(out.readLine());
            }
        }

        // Then
        assertThat(process.waitFor()).isZero();
        assertThat(answers).allSatisfy(answer -> assertThat(Json.parse(answer)).containsEntry("errors", 0L));
        assertThat(directory.resolve("err")).isEmptyFile();
    }

    @Test
    void leavesNothingBehindFromTestToTest() throws Exception {
        // Given: more memory in all of the tests than the JVM may use, and a server that is asked what is open
        Path log = directory.resolve("log");
        try (RealServer server =
                RealServer.nbdkit("--filter=log", "memory", "64M", "logfile=" + log, "logappend=true")) {
            String test = "--warmup 0 --runtime 0.1 --bs 1m --iodepth 48 " + server.uri();
            List<String> argv = NbdCommand.argv(List.of("-XX:MaxDirectMemorySize=128m"), "load", "--batch");

            // When
            NbdCommand.Result result = NbdCommand.startArgv(directory, argv, input(List.of(test, test, test, test)))
                    .await();

            // Then
            assertThat(result.err()).isEmpty();
            assertThat(parse(result.out()))
                    .hasSize(4)
                    .allSatisfy(answer -> assertThat(answer).containsEntry("errors", 0L));
            Awaitility.await().until(() -> count(log, " Disconnect ") == 4);
            assertThat(count(log, " Connect ")).isEqualTo(4);
        }
    }

    @Test
    void anInterruptEndsTheTestThatRunsAndTheBatch() throws Exception {
        // Given
        Path log = directory.resolve("log");
        String test = "--warmup 0 --runtime 600 [ nbdkit -s --filter=log memory 1M logfile=" + log + " ]";
        NbdCommand command = NbdCommand.startArgv(
                directory, NbdCommand.argv(List.of(), "load", "--batch"), input(List.of(test, test)));
        Awaitility.await().until(() -> ServerLog.hasRead(log));

        // When
        NbdCommand.interrupt(command.process());

        // Then
        NbdCommand.Result result = command.await();
        assertThat(result.status()).isEqualTo(130);
        assertThat(result.err()).isEmpty();
        assertThat(parse(result.out()))
                .singleElement()
                .satisfies(answer -> assertThat(answer).containsEntry("errors", 0L));
    }

    private NbdCommand.Result batch(List<String> lines) throws Exception {
        return NbdCommand.startArgv(directory, NbdCommand.argv(List.of(), "load", "--batch"), input(lines))
                .await();
    }

    private Path input(List<String> lines) throws Exception {
        return Files.write(directory.resolve("tests"), lines);
    }

    private static List<Map<String, Object>> parse(String out) throws Exception {
        List<Map<String, Object>> answers = new ArrayList<>();
        for (String line : out.lines().toList()) {
            answers.add(Json.parse(line));
        }
        return answers;
    }

    private static int count(Path log, String entry) throws Exception {
        return Files.readString(log).split(entry, -1).length - 1;
    }
}
