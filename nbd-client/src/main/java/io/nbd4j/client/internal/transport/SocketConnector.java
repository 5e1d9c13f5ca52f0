package io.nbd4j.client.internal.transport;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.IoEventLoop;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.channel.epoll.VSockAddress;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Connects one channel over TCP, a Unix socket or vsock, with one timeout for the resolution of the name and all addresses.
 * Confined to the event loop.
 */
public final class SocketConnector {
    /**
     * The send buffer of this end of a Unix socket, in bytes (the kernel gives what {@code net.core.wmem_max} allows): the
     * sender's buffer limits what is on its way. Writes of 64 KiB to 1 MiB have 1.2 to 1.5 times the bytes per second that
     * they have with the kernel's 208 KiB. Twice as much again is a little better for 1 MiB, and worse for less.
     */
    public static final int UNIX_SEND_BUFFER = 512 * 1024;

    private final IoEventLoop loop;
    private final RecvByteBufAllocator receiveBuffers;
    private final ChannelHandler initializer;
    private final Promise<Channel> connected;
    private @Nullable ChannelFuture current;
    private @Nullable Throwable firstFailure;

    private SocketConnector(IoEventLoop loop, RecvByteBufAllocator receiveBuffers, ChannelHandler initializer) {
        this.loop = loop;
        this.receiveBuffers = receiveBuffers;
        this.initializer = initializer;
        this.connected = loop.newPromise();
    }

    /**
     * Connects to a TCP port. The name is resolved on a thread of its own, and every address is tried, in order.
     *
     * @param initializer added to each channel that is tried; only the last one becomes active
     * @return completes with the active channel, which the caller owns. Cancelling it ends the attempt
     */
    public static Future<Channel> connectTcp(
            IoEventLoop loop,
            String host,
            int port,
            Duration timeout,
            RecvByteBufAllocator receiveBuffers,
            ChannelHandler initializer) {
        return connectTcp(loop, host, HostResolver::resolve, port, timeout, receiveBuffers, initializer);
    }

    static Future<Channel> connectTcp(
            IoEventLoop loop,
            String host,
            Function<String, CompletableFuture<List<InetAddress>>> resolver,
            int port,
            Duration timeout,
            RecvByteBufAllocator receiveBuffers,
            ChannelHandler initializer) {
        SocketConnector connector = new SocketConnector(loop, receiveBuffers, initializer);
        connector.start(timeout);
        Function<SocketAddress, Bootstrap> bootstrap = address ->
                connector.bootstrap().channelFactory(SocketChannels.tcp(loop)).option(ChannelOption.TCP_NODELAY, true);
        // An event loop that takes no more has ended the attempt, see start.
        resolver.apply(host)
                .whenComplete((addresses, failure) -> loop.execute(() -> {
                    if (failure != null) {
                        connector.connected.tryFailure(new UnknownHostException(host + ": no such host"));
                    } else {
                        Queue<SocketAddress> candidates = new ArrayDeque<>();
                        for (InetAddress address : addresses) {
                            candidates.add(new InetSocketAddress(address, port));
                        }
                        connector.tryNext(candidates, bootstrap);
                    }
                }));
        return connector.connected;
    }

    /** Connects to a Unix socket. As {@link #connectTcp} for the rest. */
    public static Future<Channel> connectUnix(
            IoEventLoop loop,
            String path,
            Duration timeout,
            RecvByteBufAllocator receiveBuffers,
            ChannelHandler initializer) {
        SocketConnector connector = new SocketConnector(loop, receiveBuffers, initializer);
        connector.start(timeout);
        try {
            Queue<SocketAddress> candidates = new ArrayDeque<>();
            candidates.add(SocketChannels.unixAddress(loop, path));
            connector.tryNext(
                    candidates,
                    address -> connector
                            .bootstrap()
                            .channelFactory(SocketChannels.unix(loop))
                            .option(ChannelOption.SO_SNDBUF, UNIX_SEND_BUFFER));
        } catch (IllegalArgumentException e) {
            connector.connected.tryFailure(e);
        }
        return connector.connected;
    }

    /**
     * Connects to a port of vsock. As {@link #connectTcp} for the rest.
     *
     * @param cid 32 bits, unsigned; so is the port
     */
    public static Future<Channel> connectVsock(
            IoEventLoop loop,
            long cid,
            long port,
            Duration timeout,
            RecvByteBufAllocator receiveBuffers,
            ChannelHandler initializer) {
        SocketConnector connector = new SocketConnector(loop, receiveBuffers, initializer);
        connector.start(timeout);
        try {
            ChannelFactory<Channel> channels = SocketChannels.vsock(loop);
            Queue<SocketAddress> candidates = new ArrayDeque<>();
            candidates.add(new VSockAddress((int) cid, (int) port));
            connector.tryNext(candidates, address -> connector.bootstrap().channelFactory(channels));
        } catch (IllegalArgumentException e) {
            connector.connected.tryFailure(e);
        }
        return connector.connected;
    }

    private Bootstrap bootstrap() {
        return new Bootstrap()
                .group(loop)
                .handler(initializer)
                .option(ChannelOption.RECVBUF_ALLOCATOR, receiveBuffers)
                // The timeout below counts for all addresses together.
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 0);
    }

    private void start(Duration timeout) {
        ScheduledFuture<?> timer = loop.schedule(
                () -> connected.tryFailure(new ConnectException("no connection within " + timeout.toMillis() + " ms")),
                timeout.toNanos(),
                TimeUnit.NANOSECONDS);
        timer.addListener(done -> {
            if (done.isCancelled()) {
                // By the event loop, which is shutting down, unless the attempt is over: nothing else would end it.
                connected.tryFailure(new ConnectException("the event loop was shut down"));
            }
        });
        connected.addListener(done -> {
            timer.cancel(false);
            ChannelFuture attempt = current;
            // A channel that failed before it was registered is closed, and has no event loop to close it again.
            if (!done.isSuccess() && attempt != null && attempt.channel().isOpen()) {
                attempt.channel().close();
            }
        });
    }

    private void tryNext(Queue<SocketAddress> candidates, Function<SocketAddress, Bootstrap> bootstrap) {
        if (connected.isDone()) {
            return;
        }
        SocketAddress address = candidates.poll();
        if (address == null) {
            Throwable failure = firstFailure;
            connected.tryFailure(failure != null ? failure : new ConnectException("the name has no address"));
            return;
        }
        ChannelFuture attempt = bootstrap.apply(address).connect(address);
        current = attempt;
        // Where no channel was to be had, or it failed before it was registered, a thread of Netty's says so.
        attempt.addListener(done -> {
            if (loop.inEventLoop()) {
                ended(attempt, candidates, bootstrap);
            } else {
                loop.execute(() -> ended(attempt, candidates, bootstrap));
            }
        });
    }

    private void ended(
            ChannelFuture attempt, Queue<SocketAddress> candidates, Function<SocketAddress, Bootstrap> bootstrap) {
        if (!attempt.isSuccess()) {
            if (firstFailure == null) {
                firstFailure = attempt.cause();
            }
            tryNext(candidates, bootstrap);
        } else if (!connected.trySuccess(attempt.channel())) {
            attempt.channel().close();
        }
    }
}
