package io.nbd4j.codec.verify;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;

/**
 * An allocator that counts: what is in use, and the most that ever was. Its buffers are counted to the byte, so no leak
 * detector follows them, which would take most of a fuzzer's time.
 */
public final class MeasuredMemory extends AbstractByteBufAllocator {
    private final UnpooledByteBufAllocator memory = new UnpooledByteBufAllocator(true, true);
    private long peak;

    /** Creates an allocator that prefers direct buffers. */
    public MeasuredMemory() {
        super(true);
    }

    @Override
    protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
        ByteBuf buffer = memory.heapBuffer(initialCapacity, maxCapacity);
        used();
        return buffer;
    }

    @Override
    protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
        ByteBuf buffer = memory.directBuffer(initialCapacity, maxCapacity);
        used();
        return buffer;
    }

    @Override
    public boolean isDirectBufferPooled() {
        return false;
    }

    /** Returns how many bytes are in use. */
    public long used() {
        long used = memory.metric().usedHeapMemory() + memory.metric().usedDirectMemory();
        peak = Math.max(peak, used);
        return used;
    }

    /** Returns the most bytes that were in use when a buffer was made, or when somebody asked. */
    public long peak() {
        return peak;
    }

    /** Requires that each buffer was released. */
    public void requireReleased() {
        assertThat(used()).as("bytes of buffers that were not released").isZero();
    }
}
