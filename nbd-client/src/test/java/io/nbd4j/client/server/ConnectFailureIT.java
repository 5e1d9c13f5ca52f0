package io.nbd4j.client.server;

import static io.nbd4j.client.contract.Outcomes.await;
import static io.nbd4j.client.contract.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.nbd4j.client.ConnectFailedException;
import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.ConnectionState;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdClientBuilder;
import io.nbd4j.client.NbdException;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdProtocolException;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.NbdTimeoutException;
import io.nbd4j.codec.NbdError;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Sockets that lead nowhere, on both kinds of event loops. The time limit only ends what hangs. */
@ParameterizedClass
@EnumSource
@Timeout(120)
class ConnectFailureIT {
    private static final Duration SHORT = Duration.ofMillis(300);
    private static final IoEventLoopGroup NIO = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());

    /** Which event loops the clients use. */
    enum EventLoops {
        SHARED,
        NIO
    }

    private final EventLoops loops;
    private final List<NbdClient> clients = new ArrayList<>();

    @TempDir
    Path directory;

    ConnectFailureIT(EventLoops loops) {
        this.loops = loops;
    }

    @AfterEach
    void closeClients() {
        clients.forEach(nbd -> await(nbd.closeAsync()));
    }

    @AfterAll
    static void endLoops() {
        NIO.shutdownGracefully().syncUninterruptibly();
    }

    @Test
    void aRefusedTcpConnectionFails() throws IOException {
        // Given
        int port;
        try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = closed.getLocalPort();
        }

        // When // Then
        assertThat(assertFails(NbdTarget.tcp("127.0.0.1", port)))
                .hasMessageContaining("127.0.0.1:" + port)
                .hasMessageContaining("refused");
    }

    @Test
    void anUnknownHostFails() {
        assertThat(assertFails(NbdTarget.tcp("nosuch.invalid"))).hasMessageContaining("nosuch.invalid");
    }

    @Test
    void aMissingUnixSocketFails() {
        Path missing = directory.resolve("missing");
        assertThat(assertFails(NbdTarget.unix(missing))).hasMessageContaining(missing.toString());
    }

    @Test
    void aUnixSocketThatNobodyListensOnFails() throws IOException {
        Path left = directory.resolve("left");
        ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                .bind(UnixDomainSocketAddress.of(left))
                .close();
        assertThat(assertFails(NbdTarget.unix(left))).hasMessageContaining("refused");
    }

    @Test
    void aFileThatIsNoSocketFails() throws IOException {
        assertFails(NbdTarget.unix(Files.writeString(directory.resolve("file"), "text")));
    }

    @Test
    void aPathThatIsTooLongForASocketIsNotCutShort() {
        // Given
        Path cut = directory.resolve("x".repeat(108 - directory.toString().length() - 1));
        assertThat(cut.toString()).hasSize(108);
        NbdClient nbd = client(builder());

        // When
        NbdException failure = failureOf(nbd.connectUnix(Path.of(cut + "yz")), NbdException.class);

        // Then
        assertThat(failure).hasMessageContaining("too long");
    }

    @Test
    void aConnectionThatDoesNotComeAboutTimesOut() throws IOException {
        // Given
        NbdClient nbd = client(builder().connectTimeout(SHORT));
        try (ServerSocket busy = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            // The kernel drops what comes in once the backlog is full.
            List<SocketChannel> inLine = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                SocketChannel channel = SocketChannel.open();
                inLine.add(channel);
                channel.configureBlocking(false);
                channel.connect(busy.getLocalSocketAddress());
            }

            // When
            NbdFuture<NbdClient> connecting = nbd.connectTcp("127.0.0.1", busy.getLocalPort());

            // Then
            assertThat(failureOf(connecting, ConnectFailedException.class)).hasMessageContaining("within 300 ms");
            assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
            for (SocketChannel channel : inLine) {
                channel.close();
            }
        }
    }

    @Test
    void aServerThatSaysNothingTimesOut() throws IOException {
        // Given
        NbdClient nbd = client(builder().handshakeTimeout(SHORT));
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            // When
            NbdFuture<NbdClient> connecting = nbd.connectTcp("127.0.0.1", silent.getLocalPort());

            // Then
            failureOf(connecting, NbdTimeoutException.class);
            assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
        }
    }

    @Test
    void aServerThatDoesNotSpeakNbdIsQuoted() throws IOException {
        // Given
        NbdClient nbd = client(builder());
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            NbdFuture<NbdClient> connecting = nbd.connectTcp("127.0.0.1", server.getLocalPort());
            try (Socket socket = server.accept()) {
                // When
                socket.getOutputStream().write("220 mail.example ESMTP\r\n".getBytes(StandardCharsets.US_ASCII));

                // Then
                assertThat(failureOf(connecting, NbdProtocolException.class)).hasMessageContaining("220 mail");
                assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
            }
        }
    }

    @Test
    void aServerThatHangsUpInTheHandshakeIsLost() throws IOException {
        // Given
        NbdClient nbd = client(builder());
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            NbdFuture<NbdClient> connecting = nbd.connectTcp("127.0.0.1", server.getLocalPort());

            // When
            server.accept().close();

            // Then
            failureOf(connecting, ConnectionLostException.class);
            assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
        }
    }

    @Test
    void aCancelledConnectHangsUp() throws IOException {
        // Given
        NbdClient nbd = client(builder());
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            NbdFuture<NbdClient> connecting = nbd.connectTcp("127.0.0.1", server.getLocalPort());
            try (Socket socket = server.accept()) {
                // When
                connecting.cancel(false);

                // Then
                failureOf(connecting, CancellationException.class);
                assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
                assertThat(socket.getInputStream().read()).isEqualTo(-1);
            }
        }
    }

    @Test
    void aRefusedConnectThatIsCancelledLeavesTheOneUnderWayAlone() throws Exception {
        // Given
        BlockingQueue<Runnable> completions = new LinkedBlockingQueue<>();
        NbdClient nbd = builder().completionExecutor(completions::add).build();
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            NbdFuture<NbdClient> connecting = nbd.connectTcp("127.0.0.1", server.getLocalPort());
            NbdFuture<NbdClient> refused = nbd.connectTcp("127.0.0.1", server.getLocalPort());

            // When
            refused.cancel(false);
            next(completions).run();
            // Without effect, but then it has reached the event loop.
            next(completions).run();

            // Then
            failureOf(refused, InvalidRequestException.class);
            assertThat(nbd.state()).isEqualTo(ConnectionState.CONNECTING);
            assertThat(connecting).isNotDone();
        } finally {
            NbdFuture<?> closing = nbd.closeAsync();
            while (!closing.isDone()) {
                next(completions).run();
            }
        }
    }

    private static Runnable next(BlockingQueue<Runnable> completions) throws InterruptedException {
        return Objects.requireNonNull(completions.poll(30, TimeUnit.SECONDS), "there was no completion");
    }

    @Test
    void aPortOutOfRangeLeavesTheHandleCreated() {
        // Given
        NbdClient nbd = client(builder());

        // When
        InvalidRequestException failure = failureOf(nbd.connectTcp("127.0.0.1", 65536), InvalidRequestException.class);

        // Then
        assertThat(failure.errno()).isEqualTo(NbdError.EINVAL);
        assertThat(nbd.state()).isEqualTo(ConnectionState.CREATED);
    }

    private ConnectFailedException assertFails(NbdTarget target) {
        NbdClient nbd = client(builder());
        ConnectFailedException failure = failureOf(nbd.connect(target), ConnectFailedException.class);
        assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
        assertThat(nbd.transport()).isEmpty();
        return failure;
    }

    private NbdClientBuilder builder() {
        NbdClientBuilder builder = NbdClient.builder();
        return loops == EventLoops.SHARED ? builder : builder.eventLoopGroup(NIO);
    }

    private NbdClient client(NbdClientBuilder builder) {
        NbdClient nbd = builder.build();
        clients.add(nbd);
        return nbd;
    }
}
