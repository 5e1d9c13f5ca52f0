package io.nbd4j.client.internal.connection;

import io.nbd4j.client.internal.tls.HoldsBack;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The bytes that the transport did not take at once. That they leave is a sign that the server lives; that others are
 * taken at once is not, as the kernel's buffers do that too.
 *
 * <p>The channel's own count does not serve: it goes by whole buffers, and a long payload is one. Nor does it know
 * what a handler on the way holds back, from which it is filled up as fast as it empties. As less is held back only when
 * something has left, that is a sign of its own: a sum of the two might grow, as what is encrypted is longer.
 */
final class Backlog implements ChannelOutboundBuffer.MessageProcessor {
    private @Nullable HoldsBack holder;
    private long last;
    private long held;
    private long counted;

    /** Says which handler holds bytes back, null for none. */
    void heldBackBy(@Nullable HoldsBack handler) {
        holder = handler;
    }

    /** Counts anew. Returns whether some of the bytes have left since the last count. */
    boolean hasShrunk(Channel channel) {
        long before = last;
        long heldBefore = held;
        count(channel);
        return last < before || held < heldBefore;
    }

    /** Counts anew, when more was added. */
    void count(Channel channel) {
        ChannelOutboundBuffer outbound = channel.unsafe().outboundBuffer();
        counted = 0;
        if (outbound != null) {
            try {
                outbound.forEachFlushedMessage(this);
            } catch (Exception e) {
                throw new IllegalStateException("counting what is not sent", e);
            }
        }
        last = counted;
        if (holder != null) {
            held = holder.bytesHeldBack();
        }
    }

    @Override
    public boolean processMessage(Object message) {
        if (message instanceof ByteBuf buffer) {
            counted += buffer.readableBytes();
        }
        return true;
    }
}
