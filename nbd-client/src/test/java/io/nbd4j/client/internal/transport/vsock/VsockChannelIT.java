package io.nbd4j.client.internal.transport.vsock;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.LinuxSocket;
import io.netty.channel.epoll.VSockAddress;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The channel by itself. Few machines can connect to themselves over vsock, so most of this is on a Unix socket in its
 * place, which is the same to all but connecting. The time limit only ends what hangs.
 */
@Timeout(60)
class VsockChannelIT {
    @TempDir
    Path directory;

    private EventLoopGroup group;
    private final Queue<String> received = new ConcurrentLinkedQueue<>();

    @BeforeEach
    void createLoop() {
        assumeTrue(Epoll.isAvailable(), "no native epoll");
        group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    }

    @AfterEach
    void endLoop() {
        if (group != null) {
            group.shutdownGracefully(0, 10, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }

    private Channel register(VsockChannel channel) {
        channel.pipeline().addLast(new SimpleChannelInboundHandler<ByteBuf>() {
            @Override
            protected void channelRead0(ChannelHandlerContext context, ByteBuf bytes) {
                received.add(bytes.toString(UTF_8));
            }
        });
        group.register(channel).syncUninterruptibly();
        return channel;
    }

    private static VsockChannel open() {
        assumeTrue(Files.exists(Path.of("/dev/vsock")), "no /dev/vsock");
        return new VsockChannel();
    }

    @Test
    void carriesBytesBothWaysAndSeesTheEnd() throws IOException {
        // Given
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(directory.resolve("socket"));
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(address);
            LinuxSocket socket = LinuxSocket.newSocketDomain();
            assertThat(socket.connect(new DomainSocketAddress(address.getPath().toFile())))
                    .isTrue();
            Channel channel = register(new VsockChannel(socket));
            try (SocketChannel peer = server.accept()) {
                // When
                assertThat(channel.isActive()).isTrue();
                channel.writeAndFlush(Unpooled.copiedBuffer("hello", UTF_8)).syncUninterruptibly();
                ByteBuffer heard = ByteBuffer.allocate(5);
                while (heard.hasRemaining()) {
                    assertThat(peer.read(heard)).isPositive();
                }
                peer.write(UTF_8.encode("answer"));

                // Then
                assertThat(UTF_8.decode(heard.flip()).toString()).isEqualTo("hello");
                await().until(() -> String.join("", received).equals("answer"));
            }
            assertThat(channel.closeFuture().awaitUninterruptibly(30, TimeUnit.SECONDS))
                    .isTrue();
            assertThat(channel.isActive()).isFalse();
        }
    }

    @Test
    void isNotActiveBeforeItIsConnected() {
        Channel channel = register(open());
        assertThat(channel.isActive()).isFalse();
        assertThat(channel.isOpen()).isTrue();
        assertThat(channel.localAddress()).isNull();
        assertThat(channel.remoteAddress()).isNull();
        channel.close().syncUninterruptibly();
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void refusesOtherAddresses() {
        Channel channel = register(open());
        assertThatThrownBy(() -> channel.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), 1))
                        .syncUninterruptibly())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not an address of vsock");
        channel.close().syncUninterruptibly();
    }

    @Test
    void saysThatNobodyIsThere() {
        // Given
        Channel channel = register(open());

        // When // Then
        assertThatThrownBy(() -> channel.connect(new VSockAddress(1, 4242)).syncUninterruptibly())
                .isInstanceOf(IOException.class);
        assertThat(channel.isActive()).isFalse();
        channel.close().syncUninterruptibly();
    }
}
