package io.nbd4j.client.server;

import static io.nbd4j.client.contract.Outcomes.await;
import static io.nbd4j.client.contract.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.CommandRefusedException;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdMultiDevice;
import io.nbd4j.client.NbdProtocolException;
import io.nbd4j.client.NbdRange;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.NbdError;
import io.nbd4j.testkit.MemoryExport;
import io.nbd4j.testkit.PatternExport;
import io.nbd4j.testkit.RealServer;
import io.nbd4j.testkit.TestServer;
import io.nbd4j.testkit.junit.RequiresServer;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Reads that are handed out chunk by chunk, from real servers and from one that goes wrong. The time limit only ends what hangs. */
@Timeout(120)
class ReadChunksIT {
    private static final int KIBI = 1024;
    private static final int MEBI = 1024 * 1024;

    @TempDir
    Path directory;

    // ---- Real servers

    @Test
    @RequiresServer({"qemu-nbd", "qemu-img"})
    void qemuTellsDataFromHoles() throws IOException {
        try (RealServer server = qcow2();
                NbdClient nbd = NbdClient.builder().build()) {
            // Given
            await(nbd.connectUnix(server.unixSocket()));
            byte[] island = Content.random(64 * KIBI, 1);
            await(nbd.pwrite(Unpooled.wrappedBuffer(island), MEBI));
            Chunks chunks = new Chunks(MEBI / 2, 2 * MEBI);

            // When
            await(nbd.preadChunks(2 * MEBI, MEBI / 2, chunks));

            // Then
            byte[] expected = new byte[2 * MEBI];
            System.arraycopy(island, 0, expected, MEBI / 2, island.length);
            assertThat(chunks.content).isEqualTo(expected);
            assertThat(chunks.covered()).isEqualTo(2 * MEBI);
            assertThat(chunks.data).isPositive();
            assertThat(chunks.holes).isGreaterThanOrEqualTo(2);
        }
    }

    @Test
    @RequiresServer({"qemu-nbd", "qemu-img"})
    void qemuAnswersInOneChunkWhereItIsAskedTo() throws IOException {
        try (RealServer server = qcow2();
                NbdClient nbd = NbdClient.builder().build()) {
            // Given
            await(nbd.connectUnix(server.unixSocket()));
            await(nbd.pwrite(Unpooled.wrappedBuffer(Content.random(4096, 1)), 4096));
            Chunks chunks = new Chunks(0, 64 * KIBI);

            // When
            await(nbd.preadChunks(NbdRange.of(0, 64 * KIBI), chunks, CommandFlag.DF));

            // Then
            assertThat(chunks.data).isEqualTo(1);
            assertThat(chunks.holes).isZero();
        }
    }

    @Test
    @RequiresServer({"qemu-nbd", "qemu-img"})
    void aListenerThatFailsHarmsNothingElse() throws IOException {
        try (RealServer server = qcow2();
                NbdClient nbd = NbdClient.builder().build()) {
            // Given
            await(nbd.connectUnix(server.unixSocket()));
            byte[] island = Content.random(64 * KIBI, 1);
            await(nbd.pwrite(Unpooled.wrappedBuffer(island), MEBI));
            Chunks chunks = new Chunks(0, 2 * MEBI);
            IllegalStateException thrown = new IllegalStateException("no");

            // When
            IllegalStateException failure = failureOf(
                    nbd.preadChunks(2 * MEBI, 0, chunk -> {
                        chunks.chunk(chunk);
                        throw thrown;
                    }),
                    IllegalStateException.class);

            // Then
            assertThat(failure).isSameAs(thrown);
            assertThat(chunks.covered()).isEqualTo(2 * MEBI);
            Content.assertRead(nbd, island, MEBI);
        }
    }

    private RealServer qcow2() throws IOException {
        Path image = directory.resolve("image");
        Program.run("qemu-img", "create", "-q", "-f", "qcow2", image.toString(), "4M");
        return RealServer.qemuNbd(image, "-f", "qcow2");
    }

    @Test
    @RequiresServer("nbdkit")
    void nbdkitIsReadInPieces() {
        try (RealServer server = RealServer.nbdkit("pattern", "80M");
                NbdClient nbd = NbdClient.builder().build()) {
            // Given
            await(nbd.connectUnix(server.unixSocket()));
            Chunks chunks = new Chunks(0, 80 * MEBI);

            // When
            await(nbd.preadChunks(80 * MEBI, 0, chunks));

            // Then
            assertThat(chunks.content).isEqualTo(Content.pattern(80 * MEBI, 0));
            assertThat(chunks.data).isGreaterThanOrEqualTo(3);
        }
    }

    @Test
    @RequiresServer("nbdkit")
    void anErrorOfNbdkitIsHandedOut() {
        try (RealServer server = RealServer.nbdkit(
                        "--filter=error", "pattern", "1M", "error-pread=EIO", "error-pread-rate=100%");
                NbdClient nbd = NbdClient.builder().build()) {
            // Given
            await(nbd.connectUnix(server.unixSocket()));
            Chunks chunks = new Chunks(0, 4096);

            // When
            CommandRefusedException failure =
                    failureOf(nbd.preadChunks(4096, 0, chunks), CommandRefusedException.class);

            // Then
            assertThat(failure.errno()).isEqualTo(NbdError.EIO);
            assertThat(chunks.failures)
                    .singleElement()
                    .satisfies(error -> assertThat(error.error()).isEqualTo(NbdError.EIO));
        }
    }

    @Test
    @RequiresServer("nbd-server")
    void aServerWithoutStructuredRepliesGivesOneChunk() throws IOException {
        // Given
        byte[] content = Content.random(MEBI, 7);
        Path image = Files.write(directory.resolve("image"), content);
        try (RealServer server = RealServer.nbdServer("[disk]\nexportname = " + image + "\n");
                NbdClient nbd = NbdClient.builder()
                        .exportName("disk")
                        .structuredReplies(false)
                        .build()) {
            await(nbd.connectUnix(server.unixSocket()));
            Chunks chunks = new Chunks(512, 100_000);

            // When
            await(nbd.preadChunks(100_000, 512, chunks));

            // Then
            assertThat(chunks.data).isEqualTo(1);
            assertThat(chunks.content).isEqualTo(Arrays.copyOfRange(content, 512, 100_512));
        }
    }

    // ---- A server that goes wrong

    private static TestServer patternWith(String... faults) {
        return TestServer.builder()
                .export("", PatternExport.ofSize(MEBI))
                .unixSocket()
                .faults(faults)
                .start();
    }

    private static void connect(NbdClient nbd, TestServer server) {
        await(nbd.connectUnix(server.socketPath()));
    }

    @Test
    void manyChunksAreHandedOutOneByOne() {
        try (TestServer server = patternWith("on READ nth 1: split 512");
                NbdClient nbd = NbdClient.builder().build()) {
            // Given
            connect(nbd, server);
            Chunks chunks = new Chunks(4096, 64 * KIBI);

            // When
            await(nbd.preadChunks(64 * KIBI, 4096, chunks));

            // Then
            assertThat(chunks.data).isEqualTo(128);
            assertThat(chunks.content).isEqualTo(Content.pattern(64 * KIBI, 4096));
        }
    }

    @Test
    void whatIsLeftOutFailsTheReadAlone() {
        try (TestServer server = patternWith("on READ nth 1: omit");
                NbdClient nbd = NbdClient.builder().build()) {
            // Given
            connect(nbd, server);
            Chunks chunks = new Chunks(0, 64 * KIBI);

            // When
            NbdProtocolException failure = failureOf(nbd.preadChunks(64 * KIBI, 0, chunks), NbdProtocolException.class);

            // Then
            assertThat(failure).hasMessageContaining("less than was asked for");
            assertThat(chunks.covered()).isLessThan(64 * KIBI);
            Content.assertRead(nbd, Content.pattern(4096, 0), 0);
        }
    }

    @Test
    void whatComesTwiceFailsTheReadAlone() {
        try (TestServer server = patternWith("on READ nth 1: overlap");
                NbdClient nbd = NbdClient.builder().build()) {
            // Given
            connect(nbd, server);

            // When
            NbdProtocolException failure =
                    failureOf(nbd.preadChunks(64 * KIBI, 0, chunk -> {}), NbdProtocolException.class);

            // Then
            assertThat(failure).hasMessageContaining("twice");
            Content.assertRead(nbd, Content.pattern(4096, 0), 0);
        }
    }

    @Test
    void anErrorBehindTheDataIsHandedOutBehindIt() {
        try (TestServer server = patternWith("on READ nth 1: error after data EIO");
                NbdClient nbd = NbdClient.builder().build()) {
            // Given
            connect(nbd, server);
            Chunks chunks = new Chunks(0, 64 * KIBI);

            // When
            CommandRefusedException failure =
                    failureOf(nbd.preadChunks(64 * KIBI, 0, chunks), CommandRefusedException.class);

            // Then
            assertThat(failure.errno()).isEqualTo(NbdError.EIO);
            assertThat(chunks.covered()).isEqualTo(64 * KIBI);
            assertThat(chunks.failures).hasSize(1);
        }
    }

    @Test
    void aDeviceOfSeveralConnectionsHandsOutChunksToo() {
        try (TestServer server = TestServer.builder()
                        .holes(true)
                        .export("", MemoryExport.ofSize(64L * MEBI))
                        .unixSocket()
                        .start();
                NbdMultiDevice device =
                        await(NbdClient.builder().connectMulti(NbdTarget.unix(server.socketPath()), 2))) {
            // Given
            byte[] island = Content.random(64 * KIBI, 3);
            await(device.pwrite(Unpooled.wrappedBuffer(island), 33L * MEBI));
            Chunks chunks = new Chunks(0, 64 * MEBI);

            // When
            await(device.preadChunks(NbdRange.of(0, 64L * MEBI), chunks));

            // Then
            assertThat(chunks.covered()).isEqualTo(64 * MEBI);
            assertThat(chunks.holes).isPositive();
            assertThat(Arrays.copyOfRange(chunks.content, 33 * MEBI, 33 * MEBI + island.length))
                    .isEqualTo(island);
        }
    }
}
