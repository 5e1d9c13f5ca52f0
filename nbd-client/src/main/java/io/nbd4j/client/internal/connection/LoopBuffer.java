package io.nbd4j.client.internal.connection;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.util.concurrent.FastThreadLocal;
import org.jspecify.annotations.Nullable;

/**
 * A direct buffer of a fixed size for each event loop, which its connections borrow for the length of a turn, so that an
 * idle connection holds none.
 */
final class LoopBuffer extends FastThreadLocal<@Nullable ByteBuf> {
    /** What it gives lives as long as an event loop: a pool has no use for it, and a leak detector no business with it. */
    private static final ByteBufAllocator OF_EVENT_LOOPS = new UnpooledByteBufAllocator(true, true);

    final int capacity;

    LoopBuffer(int capacity) {
        this.capacity = capacity;
    }

    /** Returns the buffer, empty, with a reference for the caller; null while somebody still has the last one. */
    @Nullable
    ByteBuf lend() {
        ByteBuf buffer = get();
        if (buffer == null) {
            buffer = OF_EVENT_LOOPS.directBuffer(capacity, capacity);
            set(buffer);
        } else if (buffer.refCnt() != 1) {
            return null;
        }
        return buffer.clear().retain();
    }

    @Override
    protected void onRemoval(@Nullable ByteBuf buffer) {
        if (buffer != null) {
            buffer.release();
        }
    }
}
