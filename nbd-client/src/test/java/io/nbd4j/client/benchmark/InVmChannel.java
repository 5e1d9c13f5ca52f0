package io.nbd4j.client.benchmark;

import io.netty.buffer.ByteBuf;
import io.netty.channel.AbstractChannel;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelMetadata;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelConfig;
import io.netty.channel.EventLoop;
import io.netty.channel.local.LocalAddress;
import java.net.SocketAddress;

/**
 * A channel to an {@link InVmServer}. The server hears what is flushed at once; what it says comes in a turn of the event
 * loop of its own, in one piece. It is connected from the start, and reads nothing until it is told to.
 */
final class InVmChannel extends AbstractChannel {
    private static final ChannelMetadata METADATA = new ChannelMetadata(false);

    private final ChannelConfig config = new DefaultChannelConfig(this).setAutoRead(false);
    private final LocalAddress address = new LocalAddress(InVmChannel.class);
    private final InVmServer server;
    private final Runnable whenDelivered;
    private final Runnable deliver = this::deliver;
    private boolean readWanted;
    private boolean deliveryScheduled;
    private volatile boolean open = true;

    /**
     * Creates a channel.
     *
     * @param whenDelivered runs on the event loop, each time that something of the server's went through the pipeline
     */
    InVmChannel(InVmServer server, Runnable whenDelivered) {
        super(null);
        this.server = server;
        this.whenDelivered = whenDelivered;
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer outbound) {
        for (Object message = outbound.current(); message != null; message = outbound.current()) {
            server.receive((ByteBuf) message);
            outbound.remove();
        }
        scheduleDelivery();
    }

    @Override
    protected void doBeginRead() {
        readWanted = true;
        scheduleDelivery();
    }

    private void scheduleDelivery() {
        if (readWanted && !deliveryScheduled && server.hasUnsent()) {
            deliveryScheduled = true;
            eventLoop().execute(deliver);
        }
    }

    private void deliver() {
        deliveryScheduled = false;
        if (open) {
            readWanted = false;
            pipeline().fireChannelRead(server.takeUnsent());
            pipeline().fireChannelReadComplete();
            whenDelivered.run();
        }
    }

    @Override
    protected void doClose() {
        if (open) {
            open = false;
            server.free();
        }
    }

    @Override
    protected void doDisconnect() {
        doClose();
    }

    @Override
    protected void doBind(SocketAddress localAddress) {
        throw new UnsupportedOperationException("connected already");
    }

    @Override
    protected boolean isCompatible(EventLoop loop) {
        return true;
    }

    @Override
    protected SocketAddress localAddress0() {
        return address;
    }

    @Override
    protected SocketAddress remoteAddress0() {
        return address;
    }

    @Override
    public ChannelConfig config() {
        return config;
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public boolean isActive() {
        return open;
    }

    @Override
    public ChannelMetadata metadata() {
        return METADATA;
    }

    @Override
    protected AbstractUnsafe newUnsafe() {
        return new AbstractUnsafe() {
            @Override
            public void connect(SocketAddress remoteAddress, SocketAddress localAddress, ChannelPromise promise) {
                promise.setFailure(new UnsupportedOperationException("connected already"));
            }
        };
    }
}
