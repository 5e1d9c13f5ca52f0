package io.nbd4j.client.internal.connection;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;

/**
 * The bytes that the transport did not take at once. That they leave is a sign that the server lives; that others are
 * taken at once is not, as the kernel's buffers do that too.
 *
 * <p>The channel's own count does not serve: it goes by whole buffers, and a long payload is one.
 */
final class Backlog implements ChannelOutboundBuffer.MessageProcessor {
    private long last;
    private long counted;

    /** Counts anew. Returns whether some of the bytes have left since the last count. */
    boolean hasShrunk(Channel channel) {
        long before = last;
        count(channel);
        return last < before;
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
    }

    @Override
    public boolean processMessage(Object message) {
        if (message instanceof ByteBuf buffer) {
            counted += buffer.readableBytes();
        }
        return true;
    }
}
