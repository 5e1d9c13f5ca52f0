package io.nbd4j.tools.load;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.NbdClient;
import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.testkit.MemoryExport;
import io.nbd4j.testkit.RealServer;
import io.nbd4j.testkit.TestServer;
import io.nbd4j.testkit.junit.RequiresServer;
import io.nbd4j.tools.NbdCommand;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code --fill} leaves on a server, read back through the library. */
class FillIT {
    private static final int MIB = 1 << 20;

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(longs = {4096, MIB, 20 * MIB + 513})
    @RequiresServer("nbdkit")
    void fillsNbdkitToItsLastByte(long size) throws Exception {
        try (RealServer server = RealServer.nbdkit("memory", String.valueOf(size))) {
            // When
            load(server.uri(), "--fill", "--json", "--warmup=0", "--runtime=0.2", "--connections=2", "--bs=512");

            // Then
            assertThat(contentOf(server.uri(), (int) size)).isEqualTo(pattern((int) size));
        }
    }

    @Test
    @RequiresServer("nbdkit")
    void keepsToTheBlocksOfTheServer() throws Exception {
        // Given: a server that refuses what is no multiple of 64 KiB, or longer than 256 KiB
        try (RealServer server = RealServer.nbdkit(
                "--filter=blocksize-policy",
                "memory",
                "3M",
                "blocksize-minimum=64k",
                "blocksize-preferred=64k",
                "blocksize-maximum=256k",
                "blocksize-error-policy=error")) {
            // When
            load(server.uri(), "--fill", "--json", "--warmup=0", "--runtime=0.2", "--bs=64k");

            // Then
            assertThat(contentOf(server.uri(), 3 * MIB)).isEqualTo(pattern(3 * MIB));
        }
    }

    @Test
    void leavesAloneWhatIsBehindTheLastMinimumBlock() throws Exception {
        // Given
        MemoryExport disk = MemoryExport.ofSize(MIB + 4096 + 512);
        try (TestServer server = TestServer.builder()
                .export("", disk)
                .sizes(new SizeConstraints(4096, 4096, 32 * MIB))
                .start()) {
            // When
            load(server.uri(), "--fill", "--json", "--warmup=0", "--runtime=0.2");

            // Then
            assertThat(contentOf(server.uri(), MIB + 4096)).isEqualTo(pattern(MIB + 4096));
        }
    }

    @Test
    @RequiresServer("nbdkit")
    void fillsEachServerThatIsStarted() throws Exception {
        // When: servers that keep what was written in files of their own
        load(
                "--fill",
                "--json",
                "--warmup=0",
                "--runtime=0.2",
                "--connections=2",
                "[",
                "sh",
                "-c",
                "truncate -s 2M " + directory + "/disk.$$ && exec nbdkit -s file " + directory + "/disk.$$",
                "]");

        // Then
        try (Stream<Path> files = Files.list(directory)) {
            List<Path> disks = files.filter(
                            file -> file.getFileName().toString().startsWith("disk."))
                    .toList();
            assertThat(disks).hasSize(2);
            assertThat(disks)
                    .allSatisfy(disk -> assertThat(Files.readAllBytes(disk)).isEqualTo(pattern(2 * MIB)));
        }
    }

    private void load(String... arguments) throws Exception {
        String[] all =
                Stream.concat(Stream.of("load"), Arrays.stream(arguments)).toArray(String[]::new);
        NbdCommand.Result result = NbdCommand.run(directory, all);
        assertThat(result.err()).isEmpty();
        assertThat(result.status()).isZero();
        assertThat(Json.parse(result.out())).containsEntry("errors", 0L);
    }

    private static byte[] contentOf(String uri, int length) {
        try (NbdClient client = NbdClient.builder().build()) {
            client.connectUri(uri).join();
            ByteBuf buffer = client.pread(length, 0).join();
            try {
                byte[] content = new byte[length];
                buffer.readBytes(content);
                return content;
            } finally {
                buffer.release();
            }
        }
    }

    private static byte[] pattern(int length) {
        byte[] whole = new byte[(length + 7) / 8 * 8];
        FillPattern.write(ByteBuffer.wrap(whole), 0);
        return Arrays.copyOf(whole, length);
    }
}
