package io.nbd4j.testkit.internal;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.concurrent.ThreadFactory;

/** The event loops of a server and the sockets it listens on: epoll where it is available, NIO elsewhere. */
public final class ServerTransport {
    private static final int MAX_THREADS = 4;
    private static final int SEND_BUFFER = 1024 * 1024;
    private static final int MAX_READ = 512 * 1024;

    private final boolean epoll = Epoll.isAvailable();
    private final EventLoopGroup group;

    /** Starts nothing yet: threads come with the first connection. */
    public ServerTransport() {
        ThreadFactory threads = new DefaultThreadFactory("nbd-test-server", true);
        int count = Math.min(MAX_THREADS, Runtime.getRuntime().availableProcessors());
        group = new MultiThreadIoEventLoopGroup(
                count, threads, epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
    }

    /** Returns the event loops, which the caller shuts down. */
    public EventLoopGroup group() {
        return group;
    }

    /**
     * Listens on a port of the loopback interface.
     *
     * @param port 0 for a free one
     * @throws UncheckedIOException if that fails
     */
    public Channel listenTcp(int port, ChannelHandler initializer) {
        ServerBootstrap bootstrap =
                bootstrap(epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class, initializer);
        bootstrap.childOption(ChannelOption.TCP_NODELAY, true);
        return bind(bootstrap, new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    }

    /**
     * Listens on a Unix socket, which must not exist.
     *
     * @throws UncheckedIOException if that fails
     */
    public Channel listenUnix(Path path, ChannelHandler initializer) {
        // Netty's epoll transport would delete what is there, be it the socket of another server or a plain file.
        if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            throw cannotListen(path, new BindException("Address already in use"));
        }
        if (epoll) {
            return bind(
                    bootstrap(EpollServerDomainSocketChannel.class, initializer),
                    new DomainSocketAddress(path.toString()));
        }
        return bind(bootstrap(NioServerDomainSocketChannel.class, initializer), UnixDomainSocketAddress.of(path));
    }

    private ServerBootstrap bootstrap(Class<? extends ServerChannel> type, ChannelHandler initializer) {
        return new ServerBootstrap()
                .group(group)
                .channel(type)
                .childHandler(initializer)
                // A client may half-close behind its last request and still expect the replies.
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childOption(ChannelOption.SO_SNDBUF, SEND_BUFFER)
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, receiveAllocator());
    }

    /** Requests are small and writes are large. */
    static AdaptiveRecvByteBufAllocator receiveAllocator() {
        return new AdaptiveRecvByteBufAllocator(2048, 16 * 1024, MAX_READ);
    }

    private static Channel bind(ServerBootstrap bootstrap, SocketAddress address) {
        ChannelFuture bound = bootstrap.bind(address).awaitUninterruptibly();
        if (bound.cause() instanceof IOException cause) {
            throw cannotListen(address, cause);
        }
        return bound.syncUninterruptibly().channel();
    }

    private static UncheckedIOException cannotListen(Object address, IOException cause) {
        return new UncheckedIOException("cannot listen on " + address + ": " + cause.getMessage(), cause);
    }
}
