package io.nbd4j.client.internal.connection;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.ByteArrayOutputStream;

/** A channel whose other end takes as many bytes as the test allows; the rest stays in user space. */
final class GatedChannel extends EmbeddedChannel {
    private final ByteArrayOutputStream taken = new ByteArrayOutputStream();
    private long allowance = Long.MAX_VALUE;
    private int flushes;

    /** From now on, the other end takes {@code bytes} more. */
    void allow(long bytes) {
        allowance = bytes;
        unsafe().flush();
    }

    /** Returns what has been taken since the last call. */
    byte[] take() {
        byte[] bytes = taken.toByteArray();
        taken.reset();
        return bytes;
    }

    /** Returns how much is left of the buffer that leaves next. */
    int next() {
        ChannelOutboundBuffer outbound = unsafe().outboundBuffer();
        return outbound != null && outbound.current() instanceof ByteBuf head ? head.readableBytes() : 0;
    }

    /** Returns how often something was written, as one system call would. */
    int writes() {
        return flushes;
    }

    /** Returns how many bytes the channel holds, with Netty's own overhead. */
    long pending() {
        ChannelOutboundBuffer outbound = unsafe().outboundBuffer();
        return outbound == null ? 0 : outbound.totalPendingWriteBytes();
    }

    @Override
    protected void doWrite(ChannelOutboundBuffer outbound) {
        boolean any = false;
        while (allowance > 0 && outbound.current() instanceof ByteBuf head) {
            int length = (int) Math.min(allowance, head.readableBytes());
            byte[] bytes = new byte[length];
            head.getBytes(head.readerIndex(), bytes);
            taken.writeBytes(bytes);
            allowance -= length;
            outbound.removeBytes(length);
            any = true;
        }
        if (any) {
            flushes++;
        }
    }
}
