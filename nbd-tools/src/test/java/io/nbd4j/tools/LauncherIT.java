package io.nbd4j.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The launcher in a source tree of its own, with a Maven and JDKs that only write down how they were called. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the launcher is a POSIX shell script")
class LauncherIT {
    @TempDir
    Path temporary;

    private LauncherTree tree;

    @BeforeEach
    void layOutASourceTree() throws IOException {
        tree = LauncherTree.in(temporary);
    }

    @Test
    void buildsOnceAndRunsTheJarWithTheArgumentsAsTheyAre() throws Exception {
        // Given
        tree.fakeMaven("");
        Path jdk = tree.fakeJdk("21.0.2");

        // When
        LauncherTree.Result first = tree.run(Map.of("JAVA_HOME", jdk.toString()), "a  b", "", "*", "$HOME", "it's");
        LauncherTree.Result second = tree.run(Map.of("JAVA_HOME", jdk.toString()));

        // Then
        Path lib = tree.target().resolve("lib");
        String picocli = lib.resolve("picocli-1.jar").toString();
        String classPath = Stream.of(
                        tree.target().resolve("nbd-tools-1.jar"),
                        lib.resolve("nbd-client-1.jar"),
                        picocli,
                        lib.resolve("a-library.jar"))
                .map(Object::toString)
                .collect(Collectors.joining(":"));
        assertThat(first.out())
                .startsWith("21.0.2", "-Xbootclasspath/a:" + picocli, "-cp", classPath, "io.nbd4j.tools.Main")
                .endsWith("io.nbd4j.tools.Main", "a  b", "", "*", "$HOME", "it's");
        assertThat(first.exitStatus()).isEqualTo(7);
        assertThat(second.out()).hasSize(5).isEqualTo(first.out().subList(0, 5));
        assertThat(tree.mavenLog()).content().isEqualTo("-B -q -DskipTests package, JAVA_HOME=" + jdk + "\n");
        assertThat(first.err()).containsExactly("words of Maven");
        assertThat(second.err()).isEmpty();
    }

    @Test
    void runsThroughSymbolicLinksFromAnyDirectory() throws Exception {
        // Given
        tree.fakeMaven("");
        Path links = Files.createDirectories(temporary.resolve("links"));
        Path absolute = Files.createSymbolicLink(links.resolve("absolute"), tree.launcher());
        Path relative = Files.createSymbolicLink(links.resolve("relative"), Path.of("absolute"));

        // When
        LauncherTree.Result result =
                tree.run(relative, Map.of("JAVA_HOME", tree.fakeJdk("17").toString()));

        // Then
        assertThat(absolute).isSymbolicLink();
        assertThat(result.exitStatus()).isEqualTo(7);
        assertThat(result.out()).contains("io.nbd4j.tools.Main");
    }

    @Test
    void buildsAgainWhenASourceIsNewer() throws Exception {
        // Given
        tree.buildTenSecondsAgo();
        Map<String, String> environment = Map.of("JAVA_HOME", tree.fakeJdk("17").toString());

        // When
        tree.run(environment);
        Files.setLastModifiedTime(tree.source(), FileTime.from(Instant.now()));
        tree.run(environment);

        // Then
        assertThat(tree.mavenLog()).content().hasLineCount(2);
    }

    @Test
    void buildsAgainWhenASourceIsGone() throws Exception {
        // Given
        tree.buildTenSecondsAgo();
        Map<String, String> environment = Map.of("JAVA_HOME", tree.fakeJdk("17").toString());

        // When
        Files.delete(tree.source());
        tree.run(environment);

        // Then
        assertThat(tree.mavenLog()).content().hasLineCount(2);
    }

    @Test
    void failsWithOneLineBehindMavensWhenTheBuildFails() throws Exception {
        // Given
        tree.fakeMaven("exit 1");
        Map<String, String> environment = Map.of("JAVA_HOME", tree.fakeJdk("17").toString());

        // When
        LauncherTree.Result first = tree.run(environment);
        LauncherTree.Result second = tree.run(environment);

        // Then
        assertThat(first.err()).containsExactly("words of Maven", "nbd: the build failed, Maven says why above");
        assertThat(first.out()).isEmpty();
        assertThat(first.exitStatus()).isEqualTo(1);
        assertThat(second).as("the build is tried again").isEqualTo(first);
    }

    @Test
    void saysWhatToInstallWhereMavenIsMissing() throws Exception {
        // When
        LauncherTree.Result result =
                tree.run(Map.of("JAVA_HOME", tree.fakeJdk("17").toString()));

        // Then
        assertThat(result.err())
                .containsExactly("nbd: it must be built first: install Maven 3.8 or newer (Debian: maven)");
        assertThat(result.exitStatus()).isEqualTo(1);
    }

    @Test
    void refusesAJavaHomeThatIsTooOldOrEmpty() throws Exception {
        // When
        LauncherTree.Result old =
                tree.run(Map.of("JAVA_HOME", tree.fakeJdk("1.8.0_402").toString()));
        LauncherTree.Result empty = tree.run(Map.of("JAVA_HOME", temporary.toString()));

        // Then
        assertThat(old.err()).containsExactly("nbd: JAVA_HOME is Java 1: set it to a JDK, 17 or newer");
        assertThat(empty.err()).containsExactly("nbd: JAVA_HOME is " + temporary + ", where there is no bin/java");
        assertThat(List.of(old.exitStatus(), empty.exitStatus())).containsOnly(1);
    }

    @Test
    void picksTheNewestJdkAndSilencesIt() throws Exception {
        // Given
        tree.buildTenSecondsAgo();
        tree.fakeJdk("candidates/java", "998.1");
        tree.fakeJdk("candidates/java", "999.0.1");
        tree.fakeJdk("candidates/java", "99");

        // When
        LauncherTree.Result result = tree.run(Map.of("SDKMAN_DIR", temporary.toString()));

        // Then
        assertThat(result.out())
                .startsWith("999.0.1", "--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow");
    }

    @Test
    void buildsOnceForFirstUsesAtTheSameTime() throws Exception {
        // Given
        tree.fakeMaven("");
        Map<String, String> environment = Map.of("JAVA_HOME", tree.fakeJdk("17").toString());
        List<Process> processes = new ArrayList<>();

        // When
        for (int i = 0; i < 8; i++) {
            processes.add(tree.start(tree.launcher(), environment));
        }

        // Then
        for (Process process : processes) {
            assertThat(LauncherTree.finish(process).exitStatus()).isEqualTo(7);
        }
        assertThat(tree.mavenLog()).content().hasLineCount(1);
    }
}
