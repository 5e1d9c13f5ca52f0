package io.nbd4j.client.server;

import static io.nbd4j.client.contract.Outcomes.await;
import static io.nbd4j.client.contract.Outcomes.failureOf;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nbd4j.client.CommandRefusedException;
import io.nbd4j.client.ConnectFailedException;
import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdClientBuilder;
import io.nbd4j.client.NbdException;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdMultiDevice;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.contract.LocalRelay;
import io.nbd4j.codec.NbdError;
import io.nbd4j.testkit.MemoryExport;
import io.nbd4j.testkit.ScriptedConnection;
import io.nbd4j.testkit.ScriptedPeer;
import io.nbd4j.testkit.TestServer;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Channels that somebody else has connected, to the testkit's server. The time limit only ends what hangs. */
@Timeout(60)
class AdoptedChannelIT {
    private static final int MEBI = 1024 * 1024;

    private final List<NbdClient> clients = new ArrayList<>();
    private final List<EventLoopGroup> groups = new ArrayList<>();

    /** The kinds of channels. */
    enum Kind {
        LOCAL,
        TCP_NIO,
        UNIX_NIO,
        TCP_EPOLL,
        UNIX_EPOLL;

        boolean isUnix() {
            return this == UNIX_NIO || this == UNIX_EPOLL;
        }

        boolean isEpoll() {
            return this == TCP_EPOLL || this == UNIX_EPOLL;
        }
    }

    @AfterEach
    void closeAll() {
        clients.forEach(nbd -> await(nbd.closeAsync()));
        groups.forEach(
                group -> group.shutdownGracefully(0, 10, TimeUnit.SECONDS).syncUninterruptibly());
    }

    private NbdClient client() {
        NbdClient nbd = NbdClient.builder().build();
        clients.add(nbd);
        return nbd;
    }

    private static TestServer server(Kind kind) {
        TestServer.Builder builder = TestServer.builder();
        if (kind == Kind.LOCAL) {
            builder.local();
        } else if (kind.isUnix()) {
            builder.unixSocket();
        }
        return builder.export("", MemoryExport.ofSize(MEBI))
                .faults("on READ nth 2: refuse EIO")
                .start();
    }

    private Channel connect(Kind kind, TestServer server) {
        return switch (kind) {
            case LOCAL -> LocalRelay.connect(server.localAddress());
            case TCP_NIO ->
                connect(
                        NioIoHandler.newFactory(),
                        NioSocketChannel::new,
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
            case UNIX_NIO ->
                connect(
                        NioIoHandler.newFactory(),
                        NioDomainSocketChannel::new,
                        UnixDomainSocketAddress.of(server.socketPath()));
            case TCP_EPOLL ->
                connect(
                        EpollIoHandler.newFactory(),
                        EpollSocketChannel::new,
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
            case UNIX_EPOLL ->
                connect(
                        EpollIoHandler.newFactory(),
                        EpollDomainSocketChannel::new,
                        new DomainSocketAddress(server.socketPath().toFile()));
        };
    }

    private Channel connect(IoHandlerFactory handlers, ChannelFactory<Channel> channels, SocketAddress address) {
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, handlers);
        groups.add(group);
        return new Bootstrap()
                .group(group)
                .channelFactory(channels)
                .option(ChannelOption.AUTO_READ, false)
                .handler(new ChannelInboundHandlerAdapter())
                .connect(address)
                .syncUninterruptibly()
                .channel();
    }

    @ParameterizedTest
    @EnumSource
    void aChannelOfAnyTransportServesTheClient(Kind kind) {
        assumeTrue(!kind.isEpoll() || Epoll.isAvailable(), "no native epoll");
        try (TestServer server = server(kind)) {
            // Given
            Channel channel = connect(kind, server);
            NbdClient nbd = client();

            // When
            assertThat(await(nbd.connectChannel(channel))).isSameAs(nbd);
            await(nbd.pwrite(Unpooled.copiedBuffer("adopted", UTF_8), 512));

            // Then
            assertThat(nbd.isReady()).isTrue();
            assertThat(nbd.transport()).contains("channel");
            assertThat(nbd.uri()).isEmpty();
            assertThat(nbd.subprocess()).isEmpty();
            ByteBuf read = await(nbd.pread(7, 512));
            assertThat(read.toString(UTF_8)).isEqualTo("adopted");
            read.release();
            assertThat(failureOf(nbd.pread(7, 512), CommandRefusedException.class)
                            .errno())
                    .isEqualTo(NbdError.EIO);
            await(nbd.closeAsync());
            assertThat(channel.closeFuture().isDone()).isTrue();
            assertThat(nbd.isClosed()).isTrue();
        }
    }

    @Test
    void aLargeReadAndWriteGoThroughAChannelInsideOfTheJvm() {
        try (TestServer server = TestServer.builder()
                .local()
                .export("", MemoryExport.ofSize(16 * MEBI))
                .start()) {
            // Given
            NbdClient nbd = client();
            await(nbd.connectChannel(LocalRelay.connect(server.localAddress())));
            byte[] content = Content.random(9 * MEBI, 1);

            // When
            await(nbd.pwrite(Unpooled.wrappedBuffer(content), 4096));

            // Then
            Content.assertRead(nbd, content, 4096);
        }
    }

    @Test
    void theEventLoopOfTheChannelIsThatOfTheConnection() {
        try (TestServer server = server(Kind.LOCAL)) {
            // Given
            Channel channel = LocalRelay.connect(server.localAddress());
            NbdClient nbd = client();
            await(nbd.connectChannel(channel));

            // When
            CompletableFuture<Boolean> flushed = onLoop(channel, nbd::flush);
            CompletableFuture<Boolean> closed = onLoop(channel, nbd::closeAsync);

            // Then
            assertThat(await(flushed)).isTrue();
            assertThat(await(closed)).isTrue();
        }
    }

    /** Returns whether what the call returns ends on the event loop, which is kept busy until somebody listens. */
    private static CompletableFuture<Boolean> onLoop(Channel channel, Supplier<NbdFuture<@Nullable Void>> call) {
        return CompletableFuture.supplyAsync(
                        () -> call.get().thenApply(done -> channel.eventLoop().inEventLoop()), channel.eventLoop())
                .thenCompose(Function.identity());
    }

    @Test
    void whatTheServerSaidBeforeIsNotLost() {
        try (ScriptedPeer peer = ScriptedPeer.tcp()) {
            // Given
            Channel channel = connect(
                    NioIoHandler.newFactory(),
                    NioSocketChannel::new,
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), peer.port()));
            ScriptedConnection server = peer.accept().send("'NBDMAGIC' 'IHAVEOPT' 0003");
            NbdClient nbd = client();

            // When
            NbdFuture<NbdClient> connecting = nbd.connectChannel(channel);

            // Then
            server.expect("00000003").hangUp();
            failureOf(connecting, ConnectionLostException.class);
        }
    }

    @Test
    void negotiatesInOptionMode() {
        try (TestServer server = server(Kind.LOCAL)) {
            NbdClient nbd = NbdClient.builder().optionMode(true).build();
            clients.add(nbd);
            await(nbd.connectChannel(LocalRelay.connect(server.localAddress())));
            assertThat(nbd.isNegotiating()).isTrue();
            assertThat(await(nbd.negotiation().list())).hasSize(1);
            await(nbd.negotiation().go());
            assertThat(nbd.export().size()).isEqualTo(MEBI);
        }
    }

    @Test
    void aDeviceOfSeveralConnectionsHasOne() {
        try (TestServer server = server(Kind.LOCAL);
                NbdMultiDevice device = await(NbdClient.builder()
                        .forceMultiConn(true)
                        .connectMulti(NbdTarget.adopted(LocalRelay.connect(server.localAddress())), 4))) {
            assertThat(device.connections()).hasSize(1);
            await(device.pread(512, 0)).release();
        }
    }

    @Test
    void aRefusedCallClosesTheChannelToo() {
        try (TestServer server = server(Kind.LOCAL)) {
            // Given
            NbdClient nbd = client();
            await(nbd.connectChannel(LocalRelay.connect(server.localAddress())));
            Channel other = LocalRelay.connect(server.localAddress());

            // When
            failureOf(nbd.connectChannel(other), InvalidRequestException.class);

            // Then
            assertThat(other.closeFuture().awaitUninterruptibly(30, TimeUnit.SECONDS))
                    .isTrue();
            assertThat(nbd.isReady()).isTrue();
        }
    }

    @Test
    void aChannelThatAnotherHandleHasIsLeftAlone() {
        try (TestServer server = server(Kind.LOCAL)) {
            // Given
            Channel channel = LocalRelay.connect(server.localAddress());
            NbdClient first = client();
            await(first.connectChannel(channel));
            NbdClient second = client();

            // When
            InvalidRequestException failure = failureOf(second.connectChannel(channel), InvalidRequestException.class);

            // Then
            assertThat(failure).hasMessageStartingWith("the channel was taken over already");
            assertThat(second.isCreated()).isTrue();
            await(first.pread(512, 0)).release();
        }
    }

    @Test
    void aChannelThatIsNotRegisteredIsRefusedAndClosed() {
        // Given
        Channel channel = new NioSocketChannel();
        NbdClient nbd = client();

        // When
        InvalidRequestException failure = failureOf(nbd.connectChannel(channel), InvalidRequestException.class);

        // Then
        assertThat(failure).hasMessageStartingWith("the channel is not registered with an event loop");
        assertThat(channel.isOpen()).isFalse();
        assertThat(nbd.isCreated()).isTrue();
    }

    @Test
    void aChannelThatIsNotConnectedFailsAndIsClosed() {
        // Given
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        groups.add(group);
        Channel channel = new NioSocketChannel();
        group.register(channel).syncUninterruptibly();
        NbdClient nbd = client();

        // When
        ConnectFailedException failure = failureOf(nbd.connectChannel(channel), ConnectFailedException.class);

        // Then
        assertThat(failure).hasMessageStartingWith("the channel is not connected");
        assertThat(nbd.isDead()).isTrue();
        await(nbd.closeAsync());
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void closingRightAfterTheCallClosesTheChannel() {
        try (TestServer server = server(Kind.LOCAL)) {
            for (int i = 0; i < 100; i++) {
                // Given
                Channel channel = LocalRelay.connect(server.localAddress());
                NbdClient nbd = client();

                // When
                NbdFuture<NbdClient> connecting = nbd.connectChannel(channel);
                assertThat(nbd.isConnecting() || nbd.isReady()).isTrue();
                NbdFuture<?> closing = nbd.closeAsync();

                // Then
                await(closing);
                // It may have been faster.
                await(connecting.handle((client, failure) -> failure == null || failure instanceof IOException));
                assertThat(channel.closeFuture().awaitUninterruptibly(30, TimeUnit.SECONDS))
                        .isTrue();
            }
        }
    }

    @Test
    void cancellingClosesTheChannel() {
        try (ScriptedPeer peer = ScriptedPeer.unix()) {
            // Given
            Channel channel = LocalRelay.connect(peer.socket());
            NbdClient nbd = client();
            NbdFuture<NbdClient> connecting = nbd.connectChannel(channel);

            // When
            connecting.cancel(false);

            // Then
            await().until(connecting::isDone);
            assertThat(connecting.isCancelled()).isTrue();
            assertThat(channel.closeFuture().awaitUninterruptibly(30, TimeUnit.SECONDS))
                    .isTrue();
            assertThat(nbd.isDead()).isTrue();
        }
    }

    @Test
    void anEventLoopThatGoesDoesNotMatterOnceTheHandleIsOnTheChannels() throws Exception {
        // Given
        IoEventLoopGroup leaving = NbdClientBuilder.newEventLoopGroup(1, Thread::new);
        groups.add(leaving);
        CountDownLatch busy = new CountDownLatch(1);
        leaving.submit(() -> {
            busy.await();
            return null;
        });
        NbdClient nbd = NbdClient.builder().eventLoopGroup(leaving).build();
        clients.add(nbd);
        leaving.shutdownGracefully(0, 30, TimeUnit.SECONDS);
        try (TestServer server = server(Kind.LOCAL)) {
            // When
            NbdFuture<NbdClient> connecting = nbd.connectChannel(LocalRelay.connect(server.localAddress()));
            busy.countDown();

            // Then
            await(connecting);
            assertThat(nbd.isReady()).isTrue();
            await(nbd.pread(512, 0)).release();
            await(nbd.closeAsync());
        }
    }

    @Test
    void aNegotiationThatEndsAfterTheCloseFailsTheGo() {
        try (TestServer server = server(Kind.LOCAL)) {
            // Given
            Channel channel = LocalRelay.connect(server.localAddress());
            NbdClient nbd = NbdClient.builder().optionMode(true).build();
            clients.add(nbd);
            await(nbd.connectChannel(channel));
            channel.pipeline().addFirst(new ChannelInboundHandlerAdapter() {
                @Override
                public void channelRead(ChannelHandlerContext context, Object message) {
                    nbd.closeAsync();
                    context.fireChannelRead(message);
                }
            });

            // When
            NbdFuture<NbdClient> going = nbd.negotiation().go();

            // Then
            failureOf(going, NbdException.class);
            await(nbd.closeAsync());
            assertThat(nbd.isClosed()).isTrue();
        }
    }

    @Test
    void anEventLoopThatIsGoneIsReported() {
        // Given
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        Channel channel = new NioSocketChannel();
        group.register(channel).syncUninterruptibly();
        group.shutdownGracefully(0, 10, TimeUnit.SECONDS).syncUninterruptibly();
        NbdClient nbd = client();

        // When // Then
        failureOf(nbd.connectChannel(channel), IOException.class);
        assertThat(nbd.isReady() || nbd.isConnecting()).isFalse();
    }
}
