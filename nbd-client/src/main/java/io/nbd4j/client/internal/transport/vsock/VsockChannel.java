package io.nbd4j.client.internal.transport.vsock;

import io.netty.channel.epoll.AbstractEpollStreamChannel;
import io.netty.channel.epoll.EpollChannelConfig;
import io.netty.channel.epoll.LinuxSocket;
import io.netty.channel.epoll.Native;
import io.netty.channel.epoll.VSockAddress;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.AlreadyConnectedException;
import org.jspecify.annotations.Nullable;

/**
 * A stream socket of AF_VSOCK, between a virtual machine and its host, on native epoll. Netty has the socket and the
 * address, but no channel. As any other of Netty's for the rest: reading, writing, half-closure.
 */
public final class VsockChannel extends AbstractEpollStreamChannel {
    private final Config config = new Config(this);
    private volatile @Nullable VSockAddress remote;

    /**
     * Opens a socket that is not connected.
     *
     * @throws io.netty.channel.ChannelException if the kernel has no vsock
     */
    public VsockChannel() {
        super(LinuxSocket.newVSockStream(), false);
    }

    /** Takes a socket that is connected, whatever its family. It is closed with this channel. */
    VsockChannel(LinuxSocket connected) {
        super(connected, true);
    }

    @Override
    public EpollChannelConfig config() {
        return config;
    }

    @Override
    protected boolean doConnect(SocketAddress remoteAddress, @Nullable SocketAddress localAddress) throws IOException {
        if (!(remoteAddress instanceof VSockAddress address)) {
            throw new IllegalArgumentException("not an address of vsock: " + remoteAddress);
        }
        if (localAddress != null) {
            throw new UnsupportedOperationException("the kernel chooses the local address of a vsock connection");
        }
        if (remote != null) {
            throw new AlreadyConnectedException();
        }
        boolean connected = socket.connectVSock(address);
        if (!connected) {
            // Netty finishes when the socket can be written to.
            setFlag(Native.EPOLLOUT);
        }
        remote = address;
        return connected;
    }

    @Override
    protected void doBind(SocketAddress localAddress) {
        throw new UnsupportedOperationException("the kernel chooses the local address of a vsock connection");
    }

    @Override
    protected @Nullable SocketAddress localAddress0() {
        return isActive() ? socket.localVSockAddress() : null;
    }

    @Override
    protected @Nullable SocketAddress remoteAddress0() {
        return isActive() ? remote : null;
    }

    /** The options that all channels on epoll have. */
    private static final class Config extends EpollChannelConfig {
        Config(VsockChannel channel) {
            super(channel);
        }
    }
}
