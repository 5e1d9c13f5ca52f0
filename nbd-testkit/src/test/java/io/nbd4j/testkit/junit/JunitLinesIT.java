package io.nbd4j.testkit.junit;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.testkit.NoJunitMain;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The build has JUnit 6. Other JVMs have the same classes, and another JUnit in its place, or none. */
class JunitLinesIT {
    private static final Path JUNIT_5 = Path.of("target", "junit-5", "junit-5.jar");
    private static final List<String> JUNIT_6 =
            List.of("junit-jupiter", "junit-platform", "junit-vintage", "jazzer-junit", "archunit-junit", "opentest4j");

    @TempDir
    Path directory;

    @Test
    void theSamplesEndTheSameWayOnJunit5AndJunit6() throws Exception {
        // Given
        assertThat(JUNIT_5).as("copied by the build").isRegularFile();

        // When
        List<String> onSix = EngineRunMain.outcomes();
        List<String> onFive = run(EngineRunMain.class, JUNIT_5.toString());

        // Then
        assertThat(onFive.get(0)).endsWith("junit-5.jar");
        assertThat(onFive.subList(1, onFive.size())).isEqualTo(onSix);
        assertThat(onSix).contains("one(TestServer, TestServer): ok");
    }

    @Test
    void aServerNeedsNoJunit() throws Exception {
        assertThat(run(NoJunitMain.class)).containsExactly("read 42");
    }

    /** Returns the lines that a class of the tests prints, with other jars in the place of JUnit 6. */
    private List<String> run(Class<?> main, String... jars) throws IOException, InterruptedException {
        Path log = directory.resolve("log");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+IgnoreUnrecognizedVMOptions",
                        "--enable-native-access=ALL-UNNAMED",
                        // A sample whose server is missing ends as this JVM was told.
                        "-Dnbd.servers=" + System.getProperty("nbd.servers", ""),
                        "-cp",
                        classPathWith(jars),
                        main.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .redirectOutput(log.toFile())
                .start();
        try {
            assertThat(process.waitFor(120, TimeUnit.SECONDS)).as("it ends").isTrue();
            assertThat(process.exitValue()).isZero();
            return Files.readAllLines(log);
        } finally {
            process.destroyForcibly();
        }
    }

    private static String classPathWith(String... jars) {
        Stream<String> others = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> {
                    String name = Path.of(entry).getFileName().toString();
                    return JUNIT_6.stream().noneMatch(name::startsWith);
                });
        return String.join(
                File.pathSeparator, Stream.concat(Stream.of(jars), others).toList());
    }
}
