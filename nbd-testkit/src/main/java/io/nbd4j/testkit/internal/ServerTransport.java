package io.nbd4j.testkit.internal;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.local.LocalAddress;
import io.netty.channel.local.LocalIoHandler;
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
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The event loops of a server and the socket it listens on: epoll where it is available, NIO elsewhere. */
public final class ServerTransport {
    /** Serving from memory keeps no more threads busy than there are processors. */
    private static final int MAX_THREADS = 4;

    /** A thread that waits for a disk holds up the connections of its event loop. So there is a loop for each of these. */
    private static final int BLOCKING_THREADS = 16;

    private static final int MAX_LINUX_SOCKET_PATH = 107;
    private static final int SEND_BUFFER = 1024 * 1024;
    private static final int MAX_READ = 512 * 1024;

    private final boolean epoll;
    private final EventLoopGroup acceptor;
    private final EventLoopGroup workers;

    private ServerTransport(boolean epoll, IoHandlerFactory handlers, boolean blocking) {
        int processors = Math.min(MAX_THREADS, Runtime.getRuntime().availableProcessors());
        this.epoll = epoll;
        this.workers = group(blocking ? BLOCKING_THREADS : processors, handlers);
        this.acceptor = blocking ? group(1, handlers) : workers;
    }

    private static EventLoopGroup group(int threads, IoHandlerFactory handlers) {
        return new MultiThreadIoEventLoopGroup(threads, new DefaultThreadFactory("nbd-test-server", true), handlers);
    }

    /**
     * Makes event loops for listening at {@code endpoint}. Starts nothing yet: threads come with the first connection.
     *
     * @param blocking whether serving may keep a thread waiting
     */
    public static ServerTransport of(Endpoint endpoint, boolean blocking) {
        if (endpoint instanceof Endpoint.InVm) {
            return new ServerTransport(false, LocalIoHandler.newFactory(), blocking);
        }
        boolean epoll = Epoll.isAvailable();
        return new ServerTransport(epoll, epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory(), blocking);
    }

    /** Ends the event loops, and waits for that. */
    public void close() {
        acceptor.shutdownGracefully(0, 5, TimeUnit.SECONDS);
        workers.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
        acceptor.terminationFuture().awaitUninterruptibly();
    }

    /**
     * Listens where the event loops were made for.
     *
     * @param initializer what makes a channel a connection
     * @throws UncheckedIOException if that fails; the message says where, and why not
     */
    public Listener listen(Endpoint endpoint, ChannelHandler initializer) {
        if (endpoint instanceof Endpoint.Tcp tcp) {
            return listenTcp(tcp.port(), initializer);
        } else if (endpoint instanceof Endpoint.UnixSocket unix) {
            return listenUnix(unix.path(), List.of(unix.path()), initializer);
        } else if (endpoint instanceof Endpoint.TemporaryUnixSocket) {
            return listenTemporary(initializer);
        } else if (endpoint instanceof Endpoint.InVm) {
            return listenInVm(initializer);
        } else {
            return adopt(((Endpoint.AdoptedSocket) endpoint).descriptor(), initializer);
        }
    }

    private Listener listenTcp(int port, ChannelHandler initializer) {
        ServerBootstrap bootstrap =
                sockets(epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class, initializer);
        bootstrap.childOption(ChannelOption.TCP_NODELAY, true);
        InetAddress loopback = InetAddress.getLoopbackAddress();
        Channel channel =
                started(bootstrap.bind(new InetSocketAddress(loopback, port)), loopback.getHostAddress() + ":" + port);
        return new Listener(channel, channel.localAddress(), List.of());
    }

    private Listener listenUnix(Path path, List<Path> ownFiles, ChannelHandler initializer) {
        if (epoll && path.toString().getBytes(StandardCharsets.UTF_8).length > MAX_LINUX_SOCKET_PATH) {
            // Netty's epoll transport would cut the rest off.
            throw cannotListen(
                    path.toString(), new SocketException("the path has more than " + MAX_LINUX_SOCKET_PATH + " bytes"));
        }
        // Netty's epoll transport would delete what is there, be it the socket of another server or a plain file.
        if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            throw cannotListen(path.toString(), new BindException("Address already in use"));
        }
        ServerBootstrap bootstrap =
                sockets(epoll ? EpollServerDomainSocketChannel.class : NioServerDomainSocketChannel.class, initializer);
        SocketAddress address = epoll ? new DomainSocketAddress(path.toString()) : UnixDomainSocketAddress.of(path);
        return new Listener(started(bootstrap.bind(address), path.toString()), address, ownFiles);
    }

    private Listener listenTemporary(ChannelHandler initializer) {
        try {
            Path directory = Files.createTempDirectory("nbd4j");
            Path path = directory.resolve("socket");
            boolean listening = false;
            try {
                Listener listener = listenUnix(path, List.of(path, directory), initializer);
                listening = true;
                return listener;
            } finally {
                if (!listening) {
                    Files.delete(directory);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Listener listenInVm(ChannelHandler initializer) {
        ServerBootstrap bootstrap = bootstrap(initializer).channelFactory(InVmServerChannel::new);
        Channel channel = started(bootstrap.bind(LocalAddress.ANY), "this JVM");
        return new Listener(channel, channel.localAddress(), List.of());
    }

    private Listener adopt(int descriptor, ChannelHandler initializer) {
        AdoptedSocket socket;
        try {
            socket = AdoptedSocket.of(descriptor);
        } catch (IOException e) {
            throw cannotListen("descriptor " + descriptor, e);
        }
        ServerBootstrap bootstrap = socket.configure(sockets(bootstrap(initializer)));
        return new Listener(started(bootstrap.register(), "descriptor " + descriptor), socket.address(), List.of());
    }

    private ServerBootstrap bootstrap(ChannelHandler initializer) {
        return new ServerBootstrap().group(acceptor, workers).childHandler(initializer);
    }

    private ServerBootstrap sockets(Class<? extends ServerChannel> type, ChannelHandler initializer) {
        return sockets(bootstrap(initializer)).channel(type);
    }

    private static ServerBootstrap sockets(ServerBootstrap bootstrap) {
        return bootstrap
                // A client may half-close behind its last request and still expect the replies.
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childOption(ChannelOption.SO_SNDBUF, SEND_BUFFER)
                .childOption(ChannelOption.RECVBUF_ALLOCATOR, receiveAllocator());
    }

    /** Requests are small and writes are large. */
    static AdaptiveRecvByteBufAllocator receiveAllocator() {
        return new AdaptiveRecvByteBufAllocator(2048, 16 * 1024, MAX_READ);
    }

    private static Channel started(ChannelFuture listening, String where) {
        ChannelFuture done = listening.awaitUninterruptibly();
        if (done.cause() instanceof IOException cause) {
            throw cannotListen(where, cause);
        }
        return done.syncUninterruptibly().channel();
    }

    private static UncheckedIOException cannotListen(String where, IOException cause) {
        return new UncheckedIOException("cannot listen on " + where + ": " + reason(cause), cause);
    }

    /** Netty's messages begin with the system call that failed, and its error number. */
    private static String reason(IOException cause) {
        return String.valueOf(cause.getMessage()).replaceFirst("^\\w+\\(\\.{2,3}\\) failed[^:]*: ", "");
    }
}
