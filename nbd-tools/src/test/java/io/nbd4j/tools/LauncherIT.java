package io.nbd4j.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The launcher in a source tree of its own, with a Maven and JDKs that only write down how they were called. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the launcher is a POSIX shell script")
class LauncherIT {
    private static final Path LAUNCHER = Path.of("..", "nbd");

    @TempDir
    Path temporary;

    private Path root;
    private Path source;
    private Path stamp;
    private Path mavenLog;

    @BeforeEach
    void layOutASourceTree() throws IOException {
        root = Files.createDirectories(temporary.resolve("a tree"));
        source = write(root.resolve("nbd-tools/src/main/java/Main.java"), "");
        stamp = root.resolve("nbd-tools/target/nbd.stamp");
        mavenLog = temporary.resolve("maven.log");
        write(root.resolve("pom.xml"), "");
        write(root.resolve("nbd-tools/pom.xml"), "");
        Files.copy(LAUNCHER, root.resolve("nbd"));
        for (String tool : List.of("find", "readlink", "mkdir", "rm", "mv", "sed", "flock")) {
            executable(bin().resolve(tool), "exec " + onThePath(tool) + " \"$@\"\n");
        }
    }

    @Test
    void buildsOnceAndRunsTheJarWithTheArgumentsAsTheyAre() throws Exception {
        // Given
        fakeMaven("");
        Path jdk = fakeJdk("21.0.2");

        // When
        Result first = run(Map.of("JAVA_HOME", jdk.toString()), "a  b", "", "*", "$HOME", "it's");
        Result second = run(Map.of("JAVA_HOME", jdk.toString()));

        // Then
        String target = root.toRealPath().resolve("nbd-tools/target").toString();
        String classPath = target + "/nbd-tools-1.jar:" + target + "/lib/*";
        assertThat(first.out())
                .containsExactly("21.0.2", "-cp", classPath, "io.nbd4j.tools.Main", "a  b", "", "*", "$HOME", "it's");
        assertThat(first.exitStatus()).isEqualTo(7);
        assertThat(second.out()).containsExactly("21.0.2", "-cp", classPath, "io.nbd4j.tools.Main");
        assertThat(mavenLog).content().isEqualTo("-B -q -DskipTests package, JAVA_HOME=" + jdk + "\n");
        assertThat(first.err()).containsExactly("words of Maven");
        assertThat(second.err()).isEmpty();
    }

    @Test
    void runsThroughSymbolicLinksFromAnyDirectory() throws Exception {
        // Given
        fakeMaven("");
        Path links = Files.createDirectories(temporary.resolve("links"));
        Path absolute = Files.createSymbolicLink(links.resolve("absolute"), root.resolve("nbd"));
        Path relative = Files.createSymbolicLink(links.resolve("relative"), Path.of("absolute"));

        // When
        Result result = run(relative, Map.of("JAVA_HOME", fakeJdk("17").toString()));

        // Then
        assertThat(absolute).isSymbolicLink();
        assertThat(result.exitStatus()).isEqualTo(7);
        assertThat(result.out()).contains("io.nbd4j.tools.Main");
    }

    @Test
    void buildsAgainWhenASourceIsNewer() throws Exception {
        // Given
        Map<String, String> environment = builtTenSecondsAgo();

        // When
        run(environment);
        Files.setLastModifiedTime(source, FileTime.from(Instant.now()));
        run(environment);

        // Then
        assertThat(mavenLog).content().hasLineCount(2);
    }

    @Test
    void buildsAgainWhenASourceIsGone() throws Exception {
        // Given
        Map<String, String> environment = builtTenSecondsAgo();

        // When
        Files.delete(source);
        run(environment);

        // Then
        assertThat(mavenLog).content().hasLineCount(2);
    }

    @Test
    void failsWithOneLineBehindMavensWhenTheBuildFails() throws Exception {
        // Given
        fakeMaven("exit 1");
        Map<String, String> environment = Map.of("JAVA_HOME", fakeJdk("17").toString());

        // When
        Result first = run(environment);
        Result second = run(environment);

        // Then
        assertThat(first.err()).containsExactly("words of Maven", "nbd: the build failed, Maven says why above");
        assertThat(first.out()).isEmpty();
        assertThat(first.exitStatus()).isEqualTo(1);
        assertThat(second).as("the build is tried again").isEqualTo(first);
    }

    @Test
    void saysWhatToInstallWhereMavenIsMissing() throws Exception {
        // When
        Result result = run(Map.of("JAVA_HOME", fakeJdk("17").toString()));

        // Then
        assertThat(result.err())
                .containsExactly("nbd: it must be built first: install Maven 3.8 or newer (Debian: maven)");
        assertThat(result.exitStatus()).isEqualTo(1);
    }

    @Test
    void refusesAJavaHomeThatIsTooOldOrEmpty() throws Exception {
        // When
        Result old = run(Map.of("JAVA_HOME", fakeJdk("1.8.0_402").toString()));
        Result empty = run(Map.of("JAVA_HOME", temporary.toString()));

        // Then
        assertThat(old.err()).containsExactly("nbd: JAVA_HOME is Java 1: set it to a JDK, 17 or newer");
        assertThat(empty.err()).containsExactly("nbd: JAVA_HOME is " + temporary + ", where there is no bin/java");
        assertThat(List.of(old.exitStatus(), empty.exitStatus())).containsOnly(1);
    }

    @Test
    void picksTheNewestJdkAndSilencesIt() throws Exception {
        // Given
        builtTenSecondsAgo();
        fakeJdk("candidates/java", "998.1");
        fakeJdk("candidates/java", "999.0.1");
        fakeJdk("candidates/java", "99");

        // When
        Result result = run(Map.of("SDKMAN_DIR", temporary.toString()));

        // Then
        assertThat(result.out())
                .startsWith(
                        "999.0.1",
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-cp");
    }

    @Test
    void buildsOnceForFirstUsesAtTheSameTime() throws Exception {
        // Given
        fakeMaven("");
        Map<String, String> environment = Map.of("JAVA_HOME", fakeJdk("17").toString());
        List<Process> processes = new ArrayList<>();

        // When
        for (int i = 0; i < 8; i++) {
            processes.add(start(root.resolve("nbd"), environment));
        }

        // Then
        for (Process process : processes) {
            assertThat(finish(process).exitStatus()).isEqualTo(7);
        }
        assertThat(mavenLog).content().hasLineCount(1);
    }

    /** Times are set, not waited for: sources are 20 seconds old, and the build is 10 seconds old. */
    private Map<String, String> builtTenSecondsAgo() throws Exception {
        fakeMaven("");
        Map<String, String> environment = Map.of("JAVA_HOME", fakeJdk("17").toString());
        run(environment);
        Instant now = Instant.now();
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Files.setLastModifiedTime(file, FileTime.from(now.minusSeconds(20)));
            }
        }
        Files.setLastModifiedTime(stamp, FileTime.from(now.minusSeconds(10)));
        return environment;
    }

    private void fakeMaven(String last) throws IOException {
        executable(bin().resolve("mvn"), """
                echo "$*, JAVA_HOME=$JAVA_HOME" >>'%s'
                echo words of Maven
                mkdir -p nbd-tools/target/lib
                : >nbd-tools/target/nbd-tools-1.jar
                : >nbd-tools/target/nbd-tools-1-tests.jar
                %s
                """.formatted(mavenLog, last));
    }

    private Path fakeJdk(String version) throws IOException {
        return fakeJdk("jdk", version);
    }

    private Path fakeJdk(String directory, String version) throws IOException {
        Path home = temporary.resolve(directory).resolve(version);
        write(home.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\nOS_NAME=\"Linux\"\n");
        executable(home.resolve("bin/java"), "printf '%s\\n' " + version + " \"$@\"\nexit 7\n");
        executable(home.resolve("bin/javac"), "exit 1\n");
        return home;
    }

    private Result run(Map<String, String> environment, String... arguments) throws Exception {
        return run(root.resolve("nbd"), environment, arguments);
    }

    private Result run(Path launcher, Map<String, String> environment, String... arguments) throws Exception {
        return finish(start(launcher, environment, arguments));
    }

    private Process start(Path launcher, Map<String, String> environment, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(launcher.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).directory(temporary.toFile());
        builder.environment().clear();
        builder.environment().put("PATH", bin().toString());
        builder.environment().putAll(environment);
        return builder.start();
    }

    private static Result finish(Process process) throws Exception {
        // Both are a few lines, which fit the pipes.
        process.getOutputStream().close();
        List<String> out = lines(process.getInputStream().readAllBytes());
        List<String> err = lines(process.getErrorStream().readAllBytes());
        return new Result(process.waitFor(), out, err);
    }

    private static List<String> lines(byte[] text) {
        return new String(text, StandardCharsets.UTF_8).lines().toList();
    }

    private Path bin() {
        return temporary.resolve("bin");
    }

    private static Path onThePath(String tool) {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator, -1))
                .map(directory -> Path.of(directory, tool))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new AssertionError(tool + " is not on the PATH"));
    }

    private static void executable(Path file, String script) throws IOException {
        write(file, "#!/bin/sh\n" + script);
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    private static Path write(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    private record Result(int exitStatus, List<String> out, List<String> err) {}
}
