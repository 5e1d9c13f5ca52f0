package io.nbd4j.tools.scale;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.tools.NbdCommand;
import io.nbd4j.tools.load.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The whole command, with few connections. */
class ScaleIT {
    @TempDir
    Path directory;

    private Path temporary;

    @BeforeEach
    void makeADirectoryForWhatIsTemporary() throws Exception {
        temporary = Files.createDirectory(directory.resolve("t"));
    }

    @Test
    void printsAnObjectWithARowForEachNumberOfConnections() throws Exception {
        // When
        Map<String, Object> figures = figures(NbdCommand.startArgv(
                        directory,
                        argv("--connections", "1,20", "--bs", "8k", "--event-loops", "1", "--queued", "1000"))
                .await());

        // Then
        assertThat(figures)
                .containsEntry("bs", 8192L)
                .containsEntry("iodepth", 16L)
                .containsEntry("event_loops", 1L)
                .containsEntry("jdk", System.getProperty("java.version"))
                .containsEntry("rows/0/connections", 1L)
                .containsEntry("rows/1/connections", 20L)
                .containsEntry("rows/1/buffer_bytes", 20L * 16 * 8192)
                .containsEntry("queued/requests", 1000L)
                .containsKeys("rows/1/idle_heap_bytes", "rows/1/idle_direct_bytes", "queued/before/heap_bytes");
        assertThat(Json.number(figures, "rows/1/loaded_direct_bytes")).isGreaterThanOrEqualTo(20 * 16 * 8192);
        assertThat(Json.number(figures, "rows/1/iops")).isPositive();
        assertThat(Json.number(figures, "rows/1/cpu_us_per_io")).isPositive();
        assertThat(Json.number(figures, "queued/seconds"))
                .isGreaterThanOrEqualTo(Json.number(figures, "queued/submit_seconds"));
        assertThat(Json.number(figures, "queued/peak/direct_bytes"))
                .isGreaterThanOrEqualTo(Json.number(figures, "queued/before/direct_bytes"));
    }

    @Test
    void leavesNothingBehind() throws Exception {
        // When
        NbdCommand command = NbdCommand.startArgv(directory, argv("--connections", "1"));
        figures(command.await());

        // Then
        assertThat(command.process().descendants()).isEmpty();
        try (Stream<Path> left = Files.list(temporary)) {
            assertThat(left.filter(path -> path.getFileName().toString().startsWith("nbd-scale")))
                    .isEmpty();
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aRowThatTheLimitOnOpenFilesForbidsSaysSo() throws Exception {
        // Given
        List<String> argv = new ArrayList<>(List.of("sh", "-c", "ulimit -n 300 && exec \"$@\"", "sh"));
        argv.addAll(argv("--connections", "2,300"));

        // When
        Map<String, Object> figures =
                figures(NbdCommand.startArgv(directory, argv).await());

        // Then
        assertThat(Json.number(figures, "rows/0/iops")).isPositive();
        assertThat(figures).containsEntry("rows/1/connections", 300L).doesNotContainKey("rows/1/iops");
        assertThat(figures.get("rows/1/left_out"))
                .asString()
                .matches("needs [0-9]+ open files, where the limit is 300 \\(ulimit -Hn\\)");
    }

    @Test
    void aRowThatFailsTakesNothingFromTheOthers() throws Exception {
        // When
        NbdCommand.Result result = NbdCommand.startArgv(directory, argv("--bs", "8m", "--connections", "1,33,1"))
                .await();

        // Then
        assertThat(result.status()).isOne();
        Map<String, Object> figures = Json.parse(result.out());
        assertThat(Json.number(figures, "rows/0/iops")).isPositive();
        assertThat(figures)
                .containsEntry("rows/1/connections", 33L)
                .containsKey("rows/1/error")
                .doesNotContainKey("rows/1/iops");
        assertThat(Json.number(figures, "rows/2/iops")).isPositive();
    }

    private List<String> argv(String... options) {
        List<String> arguments =
                new ArrayList<>(List.of("scale", "--json", "--runtime=0.3", "--warmup=0", "--iodepth=16"));
        arguments.addAll(List.of(options));
        return NbdCommand.argv(List.of("-Djava.io.tmpdir=" + temporary, "-Xmx512m"), arguments.toArray(String[]::new));
    }

    private static Map<String, Object> figures(NbdCommand.Result result) throws Exception {
        assertThat(result.err()).isEmpty();
        assertThat(result.status()).isZero();
        return Json.parse(result.out());
    }
}
