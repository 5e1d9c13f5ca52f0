package io.nbd4j.client.benchmark;

import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import org.jspecify.annotations.Nullable;

/**
 * An allocator that hands out the same direct buffer again once it is back, and counts. It does what a pool does, but for
 * the leak detector, which allocates for each look at a buffer when it is paranoid. Confined to one thread.
 */
final class RecyclingMemory extends AbstractByteBufAllocator {
    private final UnpooledByteBufAllocator memory = new UnpooledByteBufAllocator(true, true);
    private @Nullable ByteBuf kept;
    private long handedOut;
    private long made;

    /** Creates an allocator that prefers direct buffers. */
    RecyclingMemory() {
        super(true);
    }

    /** Returns how many direct buffers it was asked for. */
    long handedOut() {
        return handedOut;
    }

    /** Returns the bytes of direct memory that it has made for that. */
    long made() {
        return made;
    }

    @Override
    protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
        handedOut++;
        ByteBuf buffer = kept;
        if (buffer == null || buffer.refCnt() != 1 || buffer.capacity() < initialCapacity) {
            free();
            made += initialCapacity;
            buffer = memory.directBuffer(initialCapacity, maxCapacity);
            kept = buffer;
        }
        return buffer.clear().retain();
    }

    @Override
    protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
        return memory.heapBuffer(initialCapacity, maxCapacity);
    }

    @Override
    public boolean isDirectBufferPooled() {
        return true;
    }

    /** Frees the buffer that it keeps. */
    void free() {
        ByteBuf buffer = kept;
        if (buffer != null) {
            kept = null;
            buffer.release();
        }
    }

    /** Returns the bytes that are in use. */
    long used() {
        return memory.metric().usedDirectMemory() + memory.metric().usedHeapMemory();
    }
}
