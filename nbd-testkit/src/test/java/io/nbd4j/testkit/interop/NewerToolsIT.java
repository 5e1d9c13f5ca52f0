package io.nbd4j.testkit.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.testkit.MemoryExport;
import io.nbd4j.testkit.TestServer;
import io.nbd4j.testkit.Tool;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** libnbd 1.22 and QEMU 10, which speak extended headers where the server does. */
@Timeout(120)
@RequiresCommand(
        value = {NewerTool.NBDINFO, "--version"},
        hint = NewerTool.HINT)
class NewerToolsIT {
    private static final long TEBIBYTE = 1L << 40;
    private static final long FIVE_GIB = 5L << 30;
    private static final int SIZE = 16 << 20;

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource
    void nbdinfoTellsThePacketsThatWereAgreedOn(Transport transport) throws Exception {
        try (TestServer server =
                transport.server().export("", MemoryExport.ofSize(SIZE)).start()) {
            assertThat(Tool.run(NewerTool.NBDINFO, server.uri())).contains("using extended packets");
            assertThat(Tool.run(NewerTool.NBDINFO, "--json", server.uri()).replaceAll("\\s", ""))
                    .contains("\"extended\":true", "\"structured\":true", "\"contexts\":[\"base:allocation\"]");
            assertThat(Tool.run(NewerTool.NBDINFO, "--list", server.uri())).contains("export=\"\"");
        }
        try (TestServer server = transport
                .server()
                .extendedHeaders(false)
                .export("", MemoryExport.ofSize(SIZE))
                .start()) {
            assertThat(Tool.run(NewerTool.NBDINFO, server.uri())).contains("using structured packets");
        }
    }

    @ParameterizedTest
    @EnumSource
    void nbdinfoMapsATebibyte(Transport transport) throws Exception {
        // Given
        MemoryExport disk = MemoryExport.ofSize(TEBIBYTE);
        disk.write(FIVE_GIB, Unpooled.wrappedBuffer(new byte[65536]), 65536);

        // When // Then
        try (TestServer server = transport.server().export("", disk).start()) {
            assertThat(Tool.run(NewerTool.NBDINFO, "--map", server.uri())
                            .lines()
                            .map(NewerToolsIT::words))
                    .containsExactly(
                            "0 " + FIVE_GIB + " 3 hole,zero",
                            FIVE_GIB + " 65536 0 data",
                            FIVE_GIB + 65536 + " " + (TEBIBYTE - FIVE_GIB - 65536) + " 3 hole,zero");
        }
    }

    private static String words(String line) {
        return line.trim().replaceAll(" +", " ");
    }

    @ParameterizedTest
    @EnumSource
    void nbdcopyAndQemuImgCopyBothWays(Transport transport) throws Exception {
        // Given
        Path image = randomImage();
        Path copy = directory.resolve("copy");
        Path converted = directory.resolve("converted");

        // When
        try (TestServer server = transport
                .server()
                .holes(true)
                .export("", MemoryExport.ofSize(SIZE))
                .export("other", MemoryExport.ofSize(SIZE))
                .start()) {
            Tool.run(NewerTool.NBDCOPY, image.toString(), server.uri());
            Tool.run(NewerTool.NBDCOPY, server.uri(), copy.toString());
            String other = server.uri("other");
            Tool.run(NewerTool.QEMU_IMG, "convert", "-n", "-f", "raw", "-O", "raw", image.toString(), other);
            Tool.run(NewerTool.QEMU_IMG, "convert", "-f", "raw", "-O", "raw", other, converted.toString());
            assertThat(Tool.run(NewerTool.QEMU_IMG, "compare", "-f", "raw", "-F", "raw", server.uri(), other))
                    .contains("Images are identical");
        }

        // Then
        assertThat(copy).hasSameBinaryContentAs(image);
        assertThat(converted).hasSameBinaryContentAs(image);
    }

    @ParameterizedTest
    @EnumSource
    void qemuIoVerifiesItsPatternsBeyondFourGibibytes(Transport transport) throws Exception {
        // Given
        MemoryExport disk = MemoryExport.ofSize(TEBIBYTE);

        // When
        try (TestServer server = transport.server().export("", disk).start()) {
            QemuIo.run(
                    NewerTool.QEMU_IO,
                    server.uri(),
                    "write -P 0x5a 5G 1M",
                    "write -f -P 0x11 6G 64k",
                    "write -z -u 5368774656 128k",
                    "write -z -u 16G 2000M",
                    "discard 6G 1G",
                    "flush",
                    "read -P 0x5a 5G 64k",
                    "read -P 0 5368774656 128k",
                    "read -P 0x5a 5368905728 832k",
                    "read -P 0 6G 64k",
                    "read -P 0 17G 1M");
            assertThat(Tool.run(NewerTool.QEMU_IMG, "map", "-f", "raw", "--output=json", server.uri()))
                    .contains("\"start\": " + FIVE_GIB + ", \"length\": 65536, ")
                    .contains("\"length\": " + FIVE_GIB + ", ");
        }

        // Then
        assertThat(disk.allocatedBytes()).isEqualTo((1 << 20) - (128 << 10));
    }

    private Path randomImage() throws IOException {
        byte[] content = new byte[SIZE];
        new Random(1).nextBytes(content);
        Arrays.fill(content, SIZE / 4, SIZE / 2, (byte) 0); // Something for the tools to zero.
        return Files.write(directory.resolve("image"), content);
    }
}
