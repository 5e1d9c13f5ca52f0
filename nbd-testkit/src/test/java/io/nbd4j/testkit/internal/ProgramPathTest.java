package io.nbd4j.testkit.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgramPathTest {
    @TempDir
    Path directory;

    @Test
    void takesTheFirstExecutableFileOfThePath() throws IOException {
        // Given
        Path first = Files.createDirectories(directory.resolve("1"));
        Path second = Files.createDirectories(directory.resolve("2"));
        Files.createFile(first.resolve("tool"));
        Path tool = Files.createFile(second.resolve("tool"));
        assertThat(tool.toFile().setExecutable(true)).isTrue();
        String path = directory.resolve("none") + File.pathSeparator + first + File.pathSeparator + second;

        // When // Then
        assertThat(ProgramPath.find("tool", path)).contains(tool);
    }

    @Test
    void passesOverDirectoriesAndFindsNothingWithoutAPath() throws IOException {
        // Given
        Files.createDirectories(directory.resolve("tool"));

        // When // Then
        assertThat(ProgramPath.find("tool", directory.toString())).isEmpty();
        assertThat(ProgramPath.find("tool", null)).isEmpty();
    }
}
