package io.nbd4j.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
        Path archive = tree.target().resolve("nbd-java-21.0.2.archive");
        assertThat(archive).content().isEqualTo("classes\n");
        assertThat(first.out()).startsWith("21.0.2", "-XX:SharedArchiveFile=" + archive, "-Xlog:cds*=off");
        assertThat(second).isEqualTo(new LauncherTree.Result(7, first.out(), List.of()));
        assertThat(tree.archiveLog())
                .content()
                .hasLineCount(1)
                .contains("-cp ", " io.nbd4j.tools.Main load --help;")
                .doesNotContain("-XX:SharedArchiveFile");
        assertThat(filesOfArchives()).containsExactly(archive);
    }

    @Test
    void asksJava25ForACacheOfItsOwnKind() throws Exception {
        // Given
        tree.fakeMaven("");
        Map<String, String> environment =
                Map.of("JAVA_HOME", tree.fakeArchivingJdk("25.0.3").toString());

        // When
        LauncherTree.Result result = tree.run(environment, "load");

        // Then
        Path archive = tree.target().resolve("nbd-java-25.0.3.archive");
        assertThat(result.out()).contains("-XX:AOTCache=" + archive, "-Xlog:aot*=off,cds*=off");
    }

    @Test
    void hasAnArchiveForEachVersionOfJava() throws Exception {
        // Given
        tree.fakeMaven("");

        // When
        for (String version : List.of("17.0.14", "17.0.15", "17.0.14", "17.0.15")) {
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
    void usesNoArchiveOfOtherJarsWhereNoneCanBeMadeOfThese() throws Exception {
        // Given
        tree.fakeMaven("");
        tree.run(Map.of("JAVA_HOME", tree.fakeArchivingJdk("21").toString()));

        // When
        Files.setLastModifiedTime(
                tree.target().resolve("nbd-tools-1.jar"),
                FileTime.from(Instant.now().plusSeconds(10)));
        LauncherTree.Result result =
                tree.run(Map.of("JAVA_HOME", tree.fakeJdk("21").toString()));

        // Then
        assertThat(result.out()).noneMatch(word -> word.contains("Archive"));
        assertThat(result.err()).isEmpty();
        assertThat(tree.target().resolve("nbd-java-21.archive")).isEmptyFile();
        assertThat(filesOfArchives()).hasSize(1);
    }

    @Test
    void makesOneArchiveForFirstUsesAtTheSameTime() throws Exception {
        // Given
        tree.fakeMaven("");
        tree.run(Map.of("JAVA_HOME", tree.fakeJdk("17").toString()));
        Map<String, String> environment =
                Map.of("JAVA_HOME", tree.fakeArchivingJdk("21").toString());
        List<Process> processes = new ArrayList<>();

        // When
        for (int i = 0; i < 8; i++) {
            processes.add(tree.start(tree.launcher(), environment));
        }

        // Then
        for (Process process : processes) {
            LauncherTree.Result result = LauncherTree.finish(process);
            assertThat(result.out()).anyMatch(word -> word.startsWith("-XX:SharedArchiveFile="));
            assertThat(result.exitStatus()).isEqualTo(7);
        }
        assertThat(tree.archiveLog()).content().hasLineCount(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "JDK_AOT_VM_OPTIONS"})
    void keepsWhatTheUserHasInMindForTheJvmFromTheOneThatMakesTheArchive(String variable) throws Exception {
        // Given
        tree.fakeMaven("");
        Path jdk = tree.fakeArchivingJdk("21");

        // When
        tree.run(Map.of("JAVA_HOME", jdk.toString(), variable, "-agentlib:jdwp=suspend=y"));

        // Then
        assertThat(tree.archiveLog()).content().endsWith(" load --help; \n");
    }

    @ParameterizedTest
    @CsvSource({
        "JAVA_TOOL_OPTIONS, -Xshare:off",
        "JDK_JAVA_OPTIONS, -XX:SharedArchiveFile=x",
        "_JAVA_OPTIONS, -XX:AOTMode=off",
        "JDK_JAVA_OPTIONS, -XX:DumpLoadedClassList=x",
    })
    void leavesArchivesToAUserWhoHasSomethingElseInMindForThem(String variable, String option) throws Exception {
        // Given
        tree.fakeMaven("");
        Map<String, String> environment =
                Map.of("JAVA_HOME", tree.fakeArchivingJdk("25").toString());
        tree.run(environment);

        // When
        Map<String, String> withOption = new HashMap<>(environment);
        withOption.put(variable, option);
        LauncherTree.Result result = tree.run(withOption);

        // Then
        assertThat(result.out()).noneMatch(word -> word.contains("AOT"));
        assertThat(result.exitStatus()).isEqualTo(7);
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
