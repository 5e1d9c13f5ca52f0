package io.nbd4j.testkit.internal;

import io.nbd4j.codec.CommandType;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import org.jspecify.annotations.Nullable;

/** Collects replies, headers and payload alike, so that few large buffers leave instead of many small ones. */
final class ReplyBatch implements ReplySink {
    /** Large enough to be worth a system call, small enough to stay in the processor's cache. */
    private static final int CAPACITY = 128 * 1024;

    private final Channel channel;
    private @Nullable ByteBuf buffer;

    ReplyBatch(Channel channel) {
        this.channel = channel;
    }

    @Override
    public void begin(int flags, CommandType type, long cookie, long offset, long length) {
        // Whose replies they are does not matter here.
    }

    @Override
    public ByteBuf room(int length) {
        if (buffer != null && buffer.writableBytes() < length) {
            write();
        }
        if (buffer == null) {
            buffer = channel.alloc().directBuffer(Math.max(CAPACITY, length));
        }
        return buffer;
    }

    @Override
    public void appended(boolean messageEnds, boolean replyEnds) {
        if (buffer != null && buffer.readableBytes() >= CAPACITY / 2) {
            write();
        }
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // What a void promise fails with arrives at exceptionCaught.
    public void write() {
        if (buffer == null) {
            return;
        }
        ByteBuf full = buffer;
        buffer = null;
        if (full.isReadable()) {
            channel.write(fitting(full), channel.voidPromise());
        } else {
            full.release();
        }
    }

    /**
     * Returns a buffer of about the size of what is in it. What waits for a client is bounded by its bytes, so a buffer of
     * 128 KiB for each reply of 16 bytes would add up to a gigabyte. Where nothing waits, none does, and nothing is copied.
     */
    private ByteBuf fitting(ByteBuf full) {
        int length = full.readableBytes();
        if (length >= full.capacity() / 2 || !isAnythingWaiting()) {
            return full;
        }
        try {
            return channel.alloc().directBuffer(length).writeBytes(full);
        } finally {
            full.release();
        }
    }

    private boolean isAnythingWaiting() {
        return channel.bytesBeforeUnwritable() < channel.config().getWriteBufferHighWaterMark();
    }

    @Override
    public void release() {
        if (buffer != null) {
            buffer.release();
            buffer = null;
        }
    }
}
