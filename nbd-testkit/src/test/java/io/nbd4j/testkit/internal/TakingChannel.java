package io.nbd4j.testkit.internal;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.DefaultChannelId;
import io.netty.channel.embedded.EmbeddedChannel;

/** A channel whose other end takes as many bytes as it wants; the rest waits in the channel. */
final class TakingChannel extends EmbeddedChannel {
    private long wanted;
    private long taken;

    /** Creates a channel, which has to be opened. */
    TakingChannel(ChannelHandler... handlers) {
        super(DefaultChannelId.newInstance(), false, false, handlers);
    }

    /** Opens the channel, which becomes active. */
    void open() {
        try {
            register();
        } catch (Exception e) {
            throw new IllegalStateException("not registered", e);
        }
    }

    /** Takes what there is, up to {@code bytes}. */
    void take(long bytes) {
        wanted = bytes;
        runPendingTasks();
        unsafe().flush();
        runPendingTasks();
        wanted = 0;
    }

    /** The other end goes away. Unlike a close by this end, no handler is asked, and none can put it off. */
    void loseOtherEnd() {
        unsafe().close(newPromise());
        runPendingTasks();
    }

    /** Returns how many bytes were taken in all. */
    long taken() {
        return taken;
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer outbound) {
        while (wanted > 0 && outbound.current() instanceof ByteBuf head) {
            int length = (int) Math.min(wanted, head.readableBytes());
            wanted -= length;
            taken += length;
            outbound.removeBytes(length);
        }
    }
}
