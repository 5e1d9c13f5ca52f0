package io.nbd4j.client.server;

import static io.nbd4j.client.contract.Outcomes.await;
import static io.nbd4j.client.contract.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.ConnectFailedException;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdClientBuilder;
import io.nbd4j.client.NbdMultiDevice;
import io.nbd4j.client.NbdStatistics;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.TlsMode;
import io.nbd4j.client.TlsOptions;
import io.nbd4j.client.internal.capture.PcapReader;
import io.nbd4j.testkit.MemoryExport;
import io.nbd4j.testkit.TestCertificates;
import io.nbd4j.testkit.TestServer;
import io.nbd4j.testkit.junit.RequiresServer;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Captures of whole connections, and the statistics, which must agree with them. The time limit only ends what hangs. */
@Timeout(120)
class CaptureIT {
    private static final long NBDMAGIC = 0x4e42444d41474943L;
    private static final byte[] CONTENT = Content.random(200_000, 7);

    @TempDir
    Path directory;

    @Test
    @RequiresServer("nbdkit")
    void aSubprocessIsCapturedAsTcp() throws IOException {
        // Given
        Path file = directory.resolve("child.pcap");

        // When
        NbdStatistics statistics =
                use(NbdClient.builder().capture(file), NbdTarget.command("nbdkit", "-s", "memory", "1M"));

        // Then
        assertCaptured(file, statistics);
    }

    private static void assertCaptured(Path file, NbdStatistics statistics) throws IOException {
        PcapReader reader = PcapReader.read(file).requireWhole();
        assertThat(ByteBuffer.wrap(reader.server()).getLong()).isEqualTo(NBDMAGIC);
        assertThat(indexOf(reader.client(), CONTENT)).isPositive();
        assertThat(indexOf(reader.server(), CONTENT)).isPositive();
        assertThat(statistics.bytesSent()).isEqualTo(reader.client().length);
        assertThat(statistics.bytesReceived()).isEqualTo(reader.server().length);
    }

    /** Writes, reads, closes. Returns the statistics after the end. */
    private static NbdStatistics use(NbdClientBuilder builder, NbdTarget target) {
        NbdClient nbd = builder.build();
        try {
            await(nbd.connect(target));
            await(nbd.pwrite(Unpooled.wrappedBuffer(CONTENT), 512));
            Content.assertRead(nbd, CONTENT, 512);
        } finally {
            await(nbd.closeAsync());
        }
        return nbd.statistics();
    }

    @Test
    void underTlsTheClearTextIsCaptured() throws Exception {
        // Given
        Path file = directory.resolve("tls.pcap");
        TestCertificates certificates = TestCertificates.create();
        TlsOptions options = TlsOptions.defaults()
                .withHostname("disk.example")
                .withContext(SslContextBuilder.forClient()
                        // OpenSSL keeps sessions for later, which is nothing that a test could wait for.
                        .sslProvider(SslProvider.JDK)
                        .trustManager(certificates.authority())
                        .build());

        // When
        NbdStatistics statistics;
        try (TestServer server = TestServer.builder()
                .export("", MemoryExport.ofSize(1 << 20))
                .tls(io.nbd4j.testkit.TlsMode.REQUIRED, certificates.serverContext(certificates.server("disk.example")))
                .unixSocket()
                .start()) {
            statistics = use(
                    NbdClient.builder().tls(TlsMode.REQUIRE, options).capture(file),
                    NbdTarget.unix(server.socketPath()));
        }

        // Then
        assertCaptured(file, statistics);
    }

    @Test
    void eachConnectionOfADeviceHasAFile() throws IOException {
        // Given
        Path file = directory.resolve("device.pcap");
        try (TestServer server = TestServer.builder()
                .export("", MemoryExport.ofSize(1 << 20))
                .unixSocket()
                .start()) {
            // When
            NbdMultiDevice device =
                    await(NbdClient.builder().capture(file).connectMulti(NbdTarget.unix(server.socketPath()), 3));
            await(device.closeAsync());
        }

        // Then
        for (String name : new String[] {"device.pcap", "device.pcap.2", "device.pcap.3"}) {
            assertThat(PcapReader.read(directory.resolve(name)).requireWhole().server())
                    .isNotEmpty();
        }
    }

    @Test
    void aFileThatCanNotBeMadeFailsTheConnectBeforeAnythingIsStarted() {
        // Given
        Path file = directory.resolve("missing").resolve("file.pcap");
        try (NbdClient nbd = NbdClient.builder().capture(file).build()) {
            // When
            ConnectFailedException failure =
                    failureOf(nbd.connectCommand("nbdkit", "-s", "memory", "1M"), ConnectFailedException.class);

            // Then
            assertThat(failure).hasMessageContaining(file.toString());
            assertThat(nbd.isDead()).isTrue();
            assertThat(nbd.subprocess()).isEmpty();
        }
    }

    @Test
    void aFailedConnectLeavesAWholeFile() throws IOException {
        // Given
        Path file = directory.resolve("failed.pcap");
        try (NbdClient nbd = NbdClient.builder().capture(file).build()) {
            // When
            failureOf(nbd.connectUnix(directory.resolve("no-socket")), ConnectFailedException.class);
            await(nbd.closeAsync());
        }

        // Then
        assertThat(PcapReader.read(file).requireWhole().client()).isEmpty();
    }

    private static int indexOf(byte[] whole, byte[] part) {
        return ByteBufUtil.indexOf(Unpooled.wrappedBuffer(part), Unpooled.wrappedBuffer(whole));
    }
}
