package io.nbd4j.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the launcher does to start quickly, with JDKs that only write down how they were called. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the launcher is a POSIX shell script")
class LauncherArchiveIT {
    @TempDir
    Path temporary;

    private LauncherTree tree;

    @BeforeEach
    void layOutASourceTree() throws IOException {
        tree = LauncherTree.in(temporary);
    }

    @Test
    void archivesTheClassesOfTheStartOnceAndUsesThem() throws Exception {
        // Given
        tree.fakeMaven("");
        Map<String, String> environment =
                Map.of("JAVA_HOME", tree.fakeArchivingJdk("21.0.2").toString());

        // When
        LauncherTree.Result first = tree.run(environment, "load");
        LauncherTree.Result second = tree.run(environment, "load");

        // Then
        Path archive = tree.target().resolve("nbd-java-21.archive");
        assertThat(archive).content().isEqualTo("classes\n");
        assertThat(first.out()).startsWith("21.0.2", "-XX:SharedArchiveFile=" + archive, "-Xlog:cds*=off");
        assertThat(second).isEqualTo(new LauncherTree.Result(7, first.out(), List.of()));
        assertThat(tree.archiveLog())
                .content()
                .hasLineCount(1)
                .contains("-cp ", " io.nbd4j.tools.Main load --help,")
                .doesNotContain("-XX:SharedArchiveFile");
        assertThat(filesOfArchives()).containsExactly(archive);
    }

    @Test
    void asksJava25ForACacheOfItsOwnKind() throws Exception {
        // Given
        tree.fakeMaven("");
        Map<String, String> environment =
                Map.of("JAVA_HOME", tree.fakeArchivingJdk("25").toString());

        // When
        LauncherTree.Result result = tree.run(environment, "load");

        // Then
        Path archive = tree.target().resolve("nbd-java-25.archive");
        assertThat(result.out()).contains("-XX:AOTCache=" + archive, "-Xlog:aot*=off,cds*=off");
    }

    @Test
    void hasAnArchiveForEachVersionOfJava() throws Exception {
        // Given
        tree.fakeMaven("");

        // When
        for (String version : List.of("17", "21", "17", "21")) {
            tree.run(Map.of("JAVA_HOME", tree.fakeArchivingJdk(version).toString()));
        }

        // Then
        assertThat(tree.archiveLog()).content().hasLineCount(2);
        assertThat(filesOfArchives()).hasSize(2);
    }

    @Test
    void triesOnceToMakeAnArchiveAndDoesWithoutOne() throws Exception {
        // Given
        tree.fakeMaven("");
        Map<String, String> environment = Map.of("JAVA_HOME", tree.fakeJdk("21").toString());

        // When
        tree.run(environment);
        LauncherTree.Result second = tree.run(environment);

        // Then
        assertThat(second.out()).noneMatch(word -> word.contains("Archive"));
        assertThat(second.err()).isEmpty();
        assertThat(second.exitStatus()).isEqualTo(7);
        assertThat(tree.archiveLog()).content().hasLineCount(1);
    }

    @Test
    void makesAnotherArchiveOfAnotherBuild() throws Exception {
        // Given
        tree.buildTenSecondsAgo();
        Map<String, String> environment =
                Map.of("JAVA_HOME", tree.fakeArchivingJdk("21").toString());

        // When
        tree.run(environment);
        Files.setLastModifiedTime(tree.source(), FileTime.from(Instant.now()));
        tree.run(environment);

        // Then
        assertThat(tree.archiveLog()).content().contains("java-17", "java-21").hasLineCount(3);
        assertThat(filesOfArchives()).hasSize(1);
    }

    @Test
    void makesAnotherArchiveWhenAJarIsNewer() throws Exception {
        // Given
        tree.fakeMaven("");
        Map<String, String> environment =
                Map.of("JAVA_HOME", tree.fakeArchivingJdk("21").toString());
        tree.run(environment);

        // When
        Files.setLastModifiedTime(
                tree.target().resolve("lib/nbd-client-1.jar"),
                FileTime.from(Instant.now().plusSeconds(10)));
        tree.run(environment);

        // Then
        assertThat(tree.archiveLog()).content().hasLineCount(2);
    }

    @Test
    void keepsWhatTheUserHasInMindForTheJvmFromTheOneThatMakesTheArchive() throws Exception {
        // Given
        tree.fakeMaven("");
        Path jdk = tree.fakeArchivingJdk("21");

        // When
        tree.run(Map.of("JAVA_HOME", jdk.toString(), "JDK_JAVA_OPTIONS", "-agentlib:jdwp=suspend=y"));

        // Then
        assertThat(tree.archiveLog()).content().endsWith(", JDK_JAVA_OPTIONS=\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--help", "-V", "load --help", "serve -h", "--version"})
    void compilesLittleForWhatOnlyPrints(String arguments) throws Exception {
        // Given
        tree.fakeMaven("");
        Map<String, String> environment = Map.of("JAVA_HOME", tree.fakeJdk("21").toString());

        // When
        LauncherTree.Result result = tree.run(environment, arguments.split(" "));

        // Then
        assertThat(result.out()).contains("-XX:TieredStopAtLevel=1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"load", "load [ server --help ]", "serve --memory 1m"})
    void compilesEverythingForWhatRuns(String arguments) throws Exception {
        // Given
        tree.fakeMaven("");
        Map<String, String> environment = Map.of("JAVA_HOME", tree.fakeJdk("21").toString());

        // When
        LauncherTree.Result result = tree.run(environment, arguments.split(" "));

        // Then
        assertThat(result.out()).endsWith(arguments.split(" ")).doesNotContain("-XX:TieredStopAtLevel=1");
    }

    private List<Path> filesOfArchives() throws IOException {
        try (Stream<Path> files = Files.list(tree.target())) {
            return files.filter(file -> file.getFileName().toString().contains("java"))
                    .toList();
        }
    }
}
