package io.nbd4j.testkit.internal;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import io.netty.channel.ServerChannelRecvByteBufAllocator;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketException;

/**
 * A listening socket that this process was given.
 *
 * @param descriptor its number
 * @param address where clients reach it, a path or an internet address
 */
record AdoptedSocket(int descriptor, boolean unix, SocketAddress address) {
    // Linux's numbers, the same on all processors that Netty's native library is made for.
    private static final int SOL_SOCKET = 1;
    private static final int SO_ACCEPTCONN = 30;
    private static final int SO_DOMAIN = 39;
    private static final int AF_UNIX = 1;

    /**
     * Finds out what a descriptor is.
     *
     * @throws IOException if it is no listening socket, or can't be used here
     */
    static AdoptedSocket of(int descriptor) throws IOException {
        if (!Epoll.isAvailable()) {
            throw new SocketException("it needs Netty's epoll transport, which is not available here");
        }
        Socket socket = socket(descriptor);
        if (socket.getIntOpt(SOL_SOCKET, SO_ACCEPTCONN) == 0) {
            throw new SocketException("the socket does not listen");
        }
        boolean unix = socket.getIntOpt(SOL_SOCKET, SO_DOMAIN) == AF_UNIX;
        return new AdoptedSocket(descriptor, unix, unix ? socket.localDomainSocketAddress() : socket.localAddress());
    }

    private static Socket socket(int descriptor) throws SocketException {
        try {
            return new Socket(descriptor);
        } catch (ChannelException e) {
            throw (SocketException) new SocketException(String.valueOf(e.getMessage())).initCause(e);
        }
    }

    ServerBootstrap configure(ServerBootstrap bootstrap) {
        // The socket may be a blocking one, which cannot be changed from Java. To accept once for each time that epoll
        // reports it as readable never blocks, since nobody else accepts.
        bootstrap.option(
                ChannelOption.RECVBUF_ALLOCATOR, new ServerChannelRecvByteBufAllocator().maxMessagesPerRead(1));
        if (unix) {
            // So made, the channel does not know its path, and leaves the file alone when it is closed.
            return bootstrap.channelFactory(() -> new EpollServerDomainSocketChannel(descriptor, true));
        }
        return bootstrap
                .childOption(ChannelOption.TCP_NODELAY, true)
                .channelFactory(() -> new EpollServerSocketChannel(descriptor));
    }
}
