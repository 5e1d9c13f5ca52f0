package io.nbd4j.testkit.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.testkit.FileExport;
import io.nbd4j.testkit.TestServer;
import io.nbd4j.testkit.Tool;
import io.nbd4j.testkit.junit.RequiresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What QEMU and libnbd do to a file through the server is in the file. */
@Timeout(120)
class FileToolsIT {
    private static final int SIZE = 16 << 20;

    private final byte[] content = new byte[SIZE];

    @TempDir
    Path directory;

    private Path image;
    private Path disk;

    @BeforeEach
    void makeAnImageAndADiskOfOtherContent() throws IOException {
        new Random(1).nextBytes(content);
        Arrays.fill(content, SIZE / 4, SIZE / 2, (byte) 0); // Something for the tools to zero.
        image = Files.write(directory.resolve("image"), content);
        byte[] other = new byte[SIZE];
        Arrays.fill(other, (byte) 0x55);
        disk = Files.write(directory.resolve("disk"), other);
    }

    @ParameterizedTest
    @EnumSource
    @RequiresServer("nbdcopy")
    void nbdcopyCopiesBothWays(Transport transport) throws Exception {
        // Given
        Path copy = directory.resolve("copy");

        // When
        try (FileExport export = FileExport.open(disk);
                TestServer server = transport.server().export("", export).start()) {
            Tool.run("nbdcopy", "--flush", image.toString(), server.uri());
            Tool.run("nbdcopy", server.uri(), copy.toString());
        }

        // Then
        assertThat(disk).hasBinaryContent(content);
        assertThat(copy).hasBinaryContent(content);
    }

    @ParameterizedTest
    @EnumSource
    @RequiresServer("qemu-img")
    void qemuImgConvertsAndFindsNoDifference(Transport transport) throws Exception {
        try (FileExport export = FileExport.open(disk);
                TestServer server = transport.server().export("", export).start()) {
            // When
            Tool.run("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", image.toString(), server.uri());

            // Then
            assertThat(Tool.run("qemu-img", "compare", "-f", "raw", "-F", "raw", image.toString(), server.uri()))
                    .contains("Images are identical");
        }
        assertThat(disk).hasBinaryContent(content);
    }

    @ParameterizedTest
    @EnumSource
    @RequiresServer("qemu-io")
    void qemuIoVerifiesItsPatterns(Transport transport) throws Exception {
        // When
        try (FileExport export = FileExport.open(disk);
                TestServer server = transport.server().export("", export).start()) {
            QemuIo.run(
                    "qemu-io",
                    server.uri(),
                    "read -P 0x55 0 16M",
                    "write -P 0xaa 1M 1M",
                    "write -f -P 0xbb 3M 512",
                    "write -z 1536k 256k",
                    "write -z -u 5M 3M",
                    "discard 10M 1M",
                    "flush",
                    "read -P 0xaa 1M 512k",
                    "read -P 0 1536k 256k",
                    "read -P 0xbb 3M 512",
                    "read -P 0x55 3146240 512",
                    "read -P 0 5M 3M",
                    "read -P 0x55 11M 5M");
        }

        // Then
        byte[] written = Files.readAllBytes(disk);
        assertThat(Arrays.copyOfRange(written, 1 << 20, 3 << 19)).containsOnly(0xaa);
        assertThat(Arrays.copyOfRange(written, 5 << 20, 8 << 20)).containsOnly(0);
    }
}
