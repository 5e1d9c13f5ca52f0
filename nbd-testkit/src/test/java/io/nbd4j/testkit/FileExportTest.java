package io.nbd4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nbd4j.codec.NbdError;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class FileExportTest {
    private static final int SIZE = (1 << 20) + 7;

    private final byte[] content = new byte[SIZE];

    @TempDir
    Path directory;

    private Path file;

    @BeforeEach
    void writeTheFile() throws IOException {
        new Random(1).nextBytes(content);
        file = Files.write(directory.resolve("disk"), content);
    }

    @Test
    void readsAndWritesTheFile() throws IOException {
        try (FileExport export = FileExport.open(file)) {
            // When
            export.write(SIZE - 5, Unpooled.wrappedBuffer(new byte[] {1, 2, 3, 4, 5}), 5);
            export.flush();

            // Then
            assertThat(export.size()).isEqualTo(SIZE);
            assertThat(export.isReadOnly()).isFalse();
            assertThat(MemoryExportTest.read(export, 3, SIZE - 8)).isEqualTo(Arrays.copyOfRange(content, 3, SIZE - 5));
            assertThat(Arrays.copyOfRange(Files.readAllBytes(file), SIZE - 5, SIZE))
                    .containsExactly(1, 2, 3, 4, 5);
        }
    }

    @Test
    void zeroesExactlyTheRange() throws IOException {
        try (FileExport export = FileExport.open(file)) {
            // When
            export.zero(1, SIZE - 2, true);

            // Then
            byte[] expected = new byte[SIZE];
            expected[0] = content[0];
            expected[SIZE - 1] = content[SIZE - 1];
            assertThat(Files.readAllBytes(file)).isEqualTo(expected);
        }
    }

    @Test
    void whatIsTrimmedStays() throws IOException {
        try (FileExport export = FileExport.open(file)) {
            export.trim(0, SIZE);
        }
        assertThat(file).hasBinaryContent(content);
    }

    @Test
    void mayServeTheBeginningOnly() throws IOException {
        try (FileExport export = FileExport.openReadOnly(file, 512)) {
            assertThat(export.size()).isEqualTo(512);
            assertThat(export.isReadOnly()).isTrue();
            assertThat(MemoryExportTest.read(export, 500, 12)).isEqualTo(Arrays.copyOfRange(content, 500, 512));
        }
    }

    @Test
    void servesASparseFileOfMoreThanFourGibibytes() throws IOException {
        // Given
        long size = (1L << 40) + 1;
        Path sparse = directory.resolve("sparse");
        try (FileChannel channel = FileChannel.open(
                sparse, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            channel.write(Unpooled.wrappedBuffer(new byte[] {7}).nioBuffer(), size - 1);
        }

        // When // Then
        try (FileExport export = FileExport.openReadOnly(sparse)) {
            assertThat(export.size()).isEqualTo(size);
            assertThat(MemoryExportTest.read(export, size - 3, 3)).containsExactly(0, 0, 7);
        }
    }

    @Test
    void aFileThatShrankGivesAnError() throws IOException {
        try (FileExport export = FileExport.open(file)) {
            // Given
            Files.write(file, new byte[] {1});

            // When // Then
            assertThatThrownBy(() -> MemoryExportTest.read(export, 0, 2))
                    .isInstanceOfSatisfying(
                            ExportException.class, e -> assertThat(e.error()).isEqualTo(NbdError.EIO))
                    .hasMessage("the file has become shorter");
        }
    }

    @Test
    void aReadOnlyFileIsNotWrittenTo() throws IOException {
        try (FileExport export = FileExport.openReadOnly(file)) {
            assertThatThrownBy(() -> export.write(0, Unpooled.wrappedBuffer(new byte[1]), 1))
                    .isInstanceOfSatisfying(
                            ExportException.class, e -> assertThat(e.error()).isEqualTo(NbdError.EPERM));
            assertThatThrownBy(() -> export.zero(0, 1, true)).isInstanceOf(ExportException.class);
        }
        assertThat(file).hasBinaryContent(content);
    }

    @Test
    void whatCannotBeServedIsNamedInOneLineThatSaysWhy() {
        Path missing = directory.resolve("missing");
        assertThatThrownBy(() -> FileExport.open(missing))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessage(missing + ": no such file");
        assertThatThrownBy(() -> FileExport.open(directory))
                .isInstanceOf(FileSystemException.class)
                .hasMessage(directory + ": it is a directory");
        assertThatThrownBy(() -> FileExport.open(file, SIZE + 1))
                .isInstanceOf(FileSystemException.class)
                .hasMessage(file + ": it has 1048583 bytes, and the export would have 1048584");
        assertThatThrownBy(() -> FileExport.open(file, -1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aDeviceWithoutContentIsRefused() {
        assertThatThrownBy(() -> FileExport.open(Path.of("/dev/null")))
                .isInstanceOf(FileSystemException.class)
                .hasMessage("/dev/null: it is neither a file nor a block device");
    }

    /** Not even root may write to this one; where the file system itself is read-only, Java says that. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void aFileThatMayNotBeWrittenToIsRefused() {
        Path forbidden = Path.of("/sys/kernel/uevent_seqnum");
        assertThatThrownBy(() -> FileExport.open(forbidden))
                .isInstanceOf(FileSystemException.class)
                .hasMessageMatching(forbidden + ": (permission denied|Read-only file system)");
    }
}
