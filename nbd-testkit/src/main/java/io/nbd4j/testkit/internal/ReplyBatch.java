package io.nbd4j.testkit.internal;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import org.jspecify.annotations.Nullable;

/** Collects replies, headers and payload alike, so that few large buffers leave instead of many small ones. */
final class ReplyBatch {
    /** Large enough to be worth a system call, small enough to stay in the processor's cache. */
    private static final int CAPACITY = 128 * 1024;

    private @Nullable ByteBuf buffer;

    /** Returns the buffer for the next reply, with room for {@code length} bytes. It stays the batch's. */
    ByteBuf room(ChannelHandlerContext ctx, int length) {
        if (buffer != null && buffer.writableBytes() < length) {
            write(ctx);
        }
        if (buffer == null) {
            buffer = ctx.alloc().directBuffer(Math.max(CAPACITY, length));
        }
        return buffer;
    }

    /** Passes on what has been collected if it is enough to be worth it. */
    void writeIfFull(ChannelHandlerContext ctx) {
        if (buffer != null && buffer.readableBytes() >= CAPACITY / 2) {
            write(ctx);
        }
    }

    /** Passes on what has been collected. Does not flush. */
    @SuppressWarnings("FutureReturnValueIgnored") // What a void promise fails with arrives at exceptionCaught.
    void write(ChannelHandlerContext ctx) {
        if (buffer == null) {
            return;
        }
        ByteBuf full = buffer;
        buffer = null;
        if (full.isReadable()) {
            ctx.write(full, ctx.voidPromise());
        } else {
            full.release();
        }
    }

    void release() {
        if (buffer != null) {
            buffer.release();
            buffer = null;
        }
    }
}
