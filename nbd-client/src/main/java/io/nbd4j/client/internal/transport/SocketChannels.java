package io.nbd4j.client.internal.transport;

import io.nbd4j.client.internal.transport.vsock.VsockChannel;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.IoEventLoop;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;

/** The kinds of socket channels that work on an event loop. */
final class SocketChannels {
    private SocketChannels() {}

    static ChannelFactory<Channel> tcp(IoEventLoop loop) {
        return EventLoops.isEpoll(loop) ? EpollSocketChannel::new : NioSocketChannel::new;
    }

    static ChannelFactory<Channel> unix(IoEventLoop loop) {
        return EventLoops.isEpoll(loop) ? EpollDomainSocketChannel::new : NioDomainSocketChannel::new;
    }

    /** @throws IllegalArgumentException if there are none on this kind of event loop */
    static ChannelFactory<Channel> vsock(IoEventLoop loop) {
        if (!EventLoops.isEpoll(loop)) {
            throw new IllegalArgumentException("vsock needs native epoll");
        }
        return VsockChannel::new;
    }

    /**
     * Returns the address of a Unix socket.
     *
     * @throws IllegalArgumentException if the path can't be one on this kind of event loop
     */
    static SocketAddress unixAddress(IoEventLoop loop, String path) {
        if (EventLoops.isEpoll(loop)) {
            return new DomainSocketAddress(path);
        }
        if (path.startsWith("\0")) {
            throw new IllegalArgumentException("an abstract Unix socket needs native epoll");
        }
        return UnixDomainSocketAddress.of(path);
    }
}
