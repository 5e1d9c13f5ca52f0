package io.nbd4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.testkit.junit.RequiresServer;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What programs of other people make of the server. */
@Timeout(120)
class ToolsIT {
    private static final int SIZE = 16 << 20;

    @TempDir
    Path directory;

    @Test
    @RequiresServer("nbdinfo")
    void nbdinfoSeesEveryFact() throws Exception {
        try (TestServer server = TestServer.builder()
                .sizes(new SizeConstraints(512, 65536, 1 << 20))
                .export("disk", MemoryExport.ofSize(SIZE), "a disk")
                .start()) {
            assertThat(Tool.run("nbdinfo", "--json", server.uri("disk")).replaceAll("\\s", ""))
                    .contains(
                            "\"protocol\":\"newstyle-fixed\"",
                            "\"structured\":true",
                            "\"export-name\":\"disk\"",
                            "\"description\":\"adisk\"",
                            "\"is_read_only\":false",
                            "\"can_cache\":true",
                            "\"can_df\":true",
                            "\"can_fast_zero\":true",
                            "\"can_flush\":true",
                            "\"can_fua\":true",
                            "\"can_multi_conn\":true",
                            "\"can_trim\":true",
                            "\"can_zero\":true",
                            "\"block_size_minimum\":512",
                            "\"block_size_preferred\":65536",
                            "\"block_size_maximum\":1048576",
                            "\"export-size\":" + SIZE);
        }
    }

    @Test
    @RequiresServer("nbdinfo")
    void nbdinfoListsAllExports() throws Exception {
        try (TestServer server = TestServer.builder()
                .structuredReplies(false)
                .unixSocket()
                .export("", MemoryExport.ofSize(SIZE))
                .export("huge/ö", MemoryExport.ofSize(Long.MAX_VALUE), "as large as can be")
                .export("pattern", PatternExport.ofSize(4096))
                .start()) {
            assertThat(Tool.run("nbdinfo", "--list", server.uri()))
                    .contains("using simple packets")
                    .contains("export=\"\"", "export=\"huge/ö\"", "export=\"pattern\"")
                    .contains("description: as large as can be")
                    .contains("export-size: " + Long.MAX_VALUE)
                    .contains("is_read_only: true");
        }
    }

    @Test
    @RequiresServer("nbdinfo")
    void nbdinfoMapsEveryContext() throws Exception {
        // Given
        MemoryExport disk = MemoryExport.ofSize(SIZE);
        disk.write(65536, Unpooled.wrappedBuffer(new byte[] {1}), 1);
        MetaContext dirty = MetaContext.of("x-test:dirty", new MetaContext.Extent(4096, 1));

        // When // Then
        try (TestServer server = TestServer.builder()
                .unixSocket()
                .metaContexts(dirty)
                .export("", disk)
                .start()) {
            assertThat(Tool.run("nbdinfo", "--map", server.uri())
                            .lines()
                            .map(line -> line.trim().replaceAll(" +", " ")))
                    .containsExactly("0 65536 3 hole,zero", "65536 32768 0 data", "98304 16678912 3 hole,zero");
            assertThat(Tool.run("nbdinfo", "--map=x-test:dirty", server.uri())
                            .lines()
                            .map(line -> line.trim().replaceAll(" +", " ")))
                    .containsExactly("0 4096 1", "4096 16773120 0");
            assertThat(Tool.run("nbdinfo", "--json", server.uri()).replaceAll("\\s", ""))
                    .contains("\"contexts\":[\"base:allocation\",\"x-test:dirty\"]");
        }
    }

    @ParameterizedTest
    @EnumSource(HandshakeStyle.class)
    @RequiresServer({"nbdinfo", "nbdcopy"})
    void toolsSpeakEveryStyleOfHandshake(HandshakeStyle style) throws Exception {
        // Given
        Path image = randomImage();
        Path copy = directory.resolve("copy");

        try (TestServer server = TestServer.builder()
                .unixSocket()
                .handshake(style)
                .export("", MemoryExport.ofSize(SIZE))
                .start()) {
            // When
            Tool.run("nbdcopy", image.toString(), server.uri());
            Tool.run("nbdcopy", server.uri(), copy.toString());

            // Then
            String protocol = switch (style) {
                case OLDSTYLE -> "oldstyle";
                case NEWSTYLE -> "newstyle";
                case FIXED_NEWSTYLE -> "newstyle-fixed";
            };
            assertThat(Tool.run("nbdinfo", "--json", server.uri())).contains("\"protocol\": \"" + protocol + "\"");
            assertThat(copy).hasSameBinaryContentAs(image);
        }
    }

    @Test
    @RequiresServer("nbdcopy")
    void nbdcopyWritesAndReadsBackTheSameBytes() throws Exception {
        // Given
        Path image = randomImage();
        Path copy = directory.resolve("copy");
        for (boolean structuredReplies : new boolean[] {true, false}) {
            MemoryExport disk = MemoryExport.ofSize(SIZE);
            try (TestServer server = TestServer.builder()
                    .structuredReplies(structuredReplies)
                    .holes(true)
                    .export("", disk)
                    .start()) {
                // When
                Tool.run("nbdcopy", image.toString(), server.uri());
                Tool.run("nbdcopy", server.uri(), copy.toString());
            }

            // Then
            assertThat(copy).hasSameBinaryContentAs(image);
            assertThat(MemoryExportTest.read(disk, 0, SIZE)).isEqualTo(Files.readAllBytes(image));
            Files.delete(copy);
        }
    }

    @Test
    @RequiresServer("qemu-img")
    void qemuImgFindsNoDifference() throws Exception {
        // Given
        Path image = randomImage();
        try (TestServer server = TestServer.builder()
                .unixSocket()
                .holes(true)
                .export("", MemoryExport.ofSize(SIZE))
                .start()) {
            // When
            Tool.run("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", image.toString(), server.uri());

            // Then
            assertThat(Tool.run("qemu-img", "compare", "-f", "raw", "-F", "raw", image.toString(), server.uri()))
                    .contains("Images are identical");
        }
    }

    @Test
    @RequiresServer("qemu-io")
    void qemuIoVerifiesZeroesTrimsAndTails() throws Exception {
        MemoryExport disk = MemoryExport.ofSize(SIZE);
        try (TestServer server =
                TestServer.builder().unixSocket().export("", disk).start()) {
            String output = Tool.run(
                    "qemu-io",
                    "-f",
                    "raw",
                    server.uri(),
                    "-c",
                    "write -P 0x5a 0 1M",
                    "-c",
                    "write -f -P 0x11 15872k 512k",
                    "-c",
                    "write -z -u 64k 128k",
                    "-c",
                    "write -z 256k 4k",
                    "-c",
                    "discard 512k 64k",
                    "-c",
                    "flush",
                    "-c",
                    "read -P 0x5a 0 64k",
                    "-c",
                    "read -P 0 64k 128k",
                    "-c",
                    "read -P 0x5a 192k 64k",
                    "-c",
                    "read -P 0 256k 4k",
                    "-c",
                    "read -P 0x11 15872k 512k");
            assertThat(output).doesNotContainIgnoringCase("fail").doesNotContainIgnoringCase("error");
            assertThat(disk.allocatedBytes()).isLessThan((1 << 20) + (512 << 10));
        }
    }

    @Test
    @RequiresServer({"nbdkit", "nbdcopy"})
    void thePatternIsTheOneOfNbdkit() throws Exception {
        // Given
        Path ours = directory.resolve("ours");
        Path theirs = directory.resolve("theirs");
        try (TestServer server = TestServer.builder()
                        .export("", PatternExport.ofSize(SIZE + 5))
                        .start();
                RealServer nbdkit = RealServer.nbdkit("pattern", String.valueOf(SIZE + 5))) {
            // When
            Tool.run("nbdcopy", server.uri(), ours.toString());
            Tool.run("nbdcopy", nbdkit.uri(), theirs.toString());
        }

        // Then
        assertThat(ours).hasSameBinaryContentAs(theirs);
    }

    /** Standard input and output are one socket, as a super-server or a socket pair makes them. */
    @Test
    @RequiresServer({"python3", "nbdcopy"})
    void theStdioServerSpeaksOverOneSocket() throws Exception {
        // Given
        Path socket = directory.resolve("socket");
        Path copy = directory.resolve("copy");
        String superServer = """
                import socket, subprocess, sys
                listener = socket.socket(socket.AF_UNIX)
                listener.bind(sys.argv[1])
                listener.listen()
                print('listening', flush=True)
                client, _ = listener.accept()
                sys.exit(subprocess.call(sys.argv[2:], stdin=client, stdout=client))
                """;
        List<String> command = new ArrayList<>(List.of("python3", "-c", superServer, socket.toString()));
        command.addAll(StdioProcess.command("--pattern", "16m"));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            assertThat(process.inputReader(StandardCharsets.UTF_8).readLine()).isEqualTo("listening");

            // When
            Tool.run("nbdcopy", "--connections=1", "nbd+unix:///?socket=" + socket, copy.toString());

            // Then
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isZero();
            assertThat(Files.readAllBytes(copy)).isEqualTo(MemoryExportTest.read(PatternExport.ofSize(SIZE), 0, SIZE));
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }

    private Path randomImage() throws IOException {
        byte[] content = new byte[SIZE];
        new Random(1).nextBytes(content);
        Arrays.fill(content, SIZE / 4, SIZE / 2, (byte) 0); // Something for the tools to zero.
        return Files.write(directory.resolve("image"), content);
    }
}
