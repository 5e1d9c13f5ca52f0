package io.nbd4j.client.contract;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.local.LocalAddress;
import io.netty.channel.local.LocalChannel;
import io.netty.channel.local.LocalIoHandler;
import io.netty.channel.local.LocalServerChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;

/** Carries bytes between a channel inside of this JVM and a server on a Unix socket. It ends with either of them. */
public final class LocalRelay {
    private static final IoEventLoopGroup LOCAL = new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("test-local", true), LocalIoHandler.newFactory());
    private static final IoEventLoopGroup NIO =
            new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("test-relay", true), NioIoHandler.newFactory());

    private LocalRelay() {}

    /** Returns the event loop of all the channels that are returned. */
    static IoEventLoop loop() {
        return LOCAL.next();
    }

    /** Returns a channel that leads to the socket, and that reads nothing yet. The caller owns it. */
    public static Channel connect(Path socket) {
        LocalAddress address = new LocalAddress(LocalRelay.class);
        Channel server = new ServerBootstrap()
                .group(LOCAL)
                .channel(LocalServerChannel.class)
                .childOption(ChannelOption.AUTO_READ, false)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        join(channel, socket);
                    }
                })
                .bind(address)
                .syncUninterruptibly()
                .channel();
        Channel client = connect(address);
        server.close().syncUninterruptibly();
        return client;
    }

    /** Returns a channel to a server inside of this JVM, that reads nothing yet. The caller owns it. */
    public static Channel connect(LocalAddress address) {
        return new Bootstrap()
                .group(LOCAL)
                .channel(LocalChannel.class)
                .option(ChannelOption.AUTO_READ, false)
                .handler(new ChannelInboundHandlerAdapter())
                .connect(address)
                .syncUninterruptibly()
                .channel();
    }

    private static void join(Channel channel, Path socket) {
        ChannelFuture connecting = new Bootstrap()
                .group(NIO)
                .channel(NioDomainSocketChannel.class)
                .option(ChannelOption.AUTO_READ, false)
                // The server is read no faster than the client takes it, or the relay would hold what it sends without
                // an end.
                .handler(new Carrier(channel))
                .connect(UnixDomainSocketAddress.of(socket));
        channel.pipeline().addLast(new Carrier(connecting.channel()));
        connecting.addListener(connected -> {
            if (connected.isSuccess()) {
                // Always: a local channel throws away what was not read when the other end closes it.
                channel.config().setAutoRead(true);
                connecting.channel().read();
            } else {
                channel.close();
            }
        });
    }

    private static final class Carrier extends ChannelInboundHandlerAdapter {
        private final Channel other;

        Carrier(Channel other) {
            this.other = other;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            other.writeAndFlush(message).addListener(written -> context.read());
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            // What was carried before leaves first.
            other.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }
}
