package io.nbd4j.client.internal.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nbd4j.client.contract.Loops;
import io.nbd4j.client.contract.Outcomes;
import io.nbd4j.client.internal.connection.ReceiveBuffers;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipelineException;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a connected channel is like, and what ends an attempt. The time limit only ends what hangs. */
@Timeout(60)
class SocketConnectorTest {
    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource(Loops.class)
    void aUnixSocketGetsALargeSendBuffer(Loops loops) throws IOException {
        assumeTrue(loops.unavailableBecause() == null, loops.unavailableBecause());
        Path path = directory.resolve("socket");
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            // Given
            server.bind(UnixDomainSocketAddress.of(path));

            // When
            Channel channel = SocketConnector.connectUnix(
                            loops.loop(),
                            path.toString(),
                            Duration.ofSeconds(30),
                            new ReceiveBuffers(),
                            new ChannelInboundHandlerAdapter())
                    .syncUninterruptibly()
                    .getNow();

            // Then
            assertThat(channel.config().getOption(ChannelOption.SO_SNDBUF)).isEqualTo(whatTheKernelGives(loops));
            channel.close().syncUninterruptibly();
        }
    }

    @Test
    void anAttemptEndsWithTheEventLoopThoughTheNameIsStillLookedUp() {
        // Given
        IoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        IoEventLoop loop = group.next();
        CompletableFuture<List<InetAddress>> lookUp = new CompletableFuture<>();
        CompletableFuture<Throwable> heard = new CompletableFuture<>();
        loop.submit(() -> SocketConnector.connectTcp(
                                loop,
                                "localhost",
                                host -> lookUp,
                                1,
                                Duration.ofDays(1),
                                new ReceiveBuffers(),
                                new ChannelInboundHandlerAdapter())
                        .addListener(done -> heard.complete(done.cause())))
                .syncUninterruptibly();

        // When
        group.shutdownGracefully(0, 10, TimeUnit.SECONDS).syncUninterruptibly();
        lookUp.complete(List.of(InetAddress.getLoopbackAddress()));

        // Then
        assertThat(Outcomes.await(heard)).hasMessage("the event loop was shut down");
    }

    @Test
    void whatFailsBeforeItIsRegisteredEndsOnTheEventLoop() {
        // Given
        IoEventLoop loop = Loops.NIO.loop();
        UnwantedHandler handler = new UnwantedHandler(loop);
        List<InetAddress> addresses = List.of(InetAddress.getLoopbackAddress(), InetAddress.getLoopbackAddress());

        // When
        Future<Channel> connected = loop.submit(() -> SocketConnector.connectTcp(
                        loop,
                        "localhost",
                        host -> CompletableFuture.completedFuture(addresses),
                        1,
                        Duration.ofDays(1),
                        new ReceiveBuffers(),
                        handler))
                .syncUninterruptibly()
                .getNow();

        // Then
        assertThat(connected.awaitUninterruptibly().cause()).isInstanceOf(ChannelPipelineException.class);
        assertThat(handler.askedOnTheLoop).as("for each address").containsExactly(true, true);
    }

    /** Belongs to a channel already, so that each that it is offered to fails before it is registered. */
    private static final class UnwantedHandler extends ChannelInboundHandlerAdapter {
        private final IoEventLoop loop;
        private final List<Boolean> askedOnTheLoop = new CopyOnWriteArrayList<>();

        UnwantedHandler(IoEventLoop loop) {
            this.loop = loop;
            new EmbeddedChannel(this).finishAndReleaseAll();
            askedOnTheLoop.clear();
        }

        @Override
        public boolean isSharable() {
            askedOnTheLoop.add(loop.inEventLoop());
            return false;
        }
    }

    /** It doubles what it is asked for, has a limit, and the channels tell differently what they got. */
    private static int whatTheKernelGives(Loops loops) {
        Channel reference = SocketChannels.unix(loops.loop()).newChannel();
        reference.config().setOption(ChannelOption.SO_SNDBUF, SocketConnector.UNIX_SEND_BUFFER);
        int given = reference.config().getOption(ChannelOption.SO_SNDBUF);
        reference.unsafe().closeForcibly();
        return given;
    }
}
