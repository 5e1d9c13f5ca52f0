package io.nbd4j.tools.scale;

import io.netty.buffer.PooledByteBufAllocator;
import io.netty.util.internal.PlatformDependent;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;

/**
 * The memory of this process at some moment.
 *
 * @param heap bytes of the heap in use
 * @param direct bytes of direct memory that are reserved: what the JVM accounts for, and what Netty takes past that, if it does
 * @param directInUse the same without what Netty's pool has reserved and not lent out
 */
record Memory(long heap, long direct, long directInUse) {
    /** One collection leaves what references and thread-local buffers of others keep; the least of a few is what lives. */
    private static final int COLLECTIONS = 4;

    /** Returns what is in use now, garbage included. */
    static Memory now() {
        return now(heapUsed());
    }

    /** Returns what is left after garbage collection. */
    static Memory afterCollection() {
        long heap = Long.MAX_VALUE;
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
            heap = Math.min(heap, heapUsed());
        }
        return now(heap);
    }

    private static Memory now(long heap) {
        long direct = directReserved();
        // The client and the test take their buffers from this pool.
        PooledByteBufAllocator pool = PooledByteBufAllocator.DEFAULT;
        return new Memory(heap, direct, direct - pool.metric().usedDirectMemory() + pool.pinnedDirectMemory());
    }

    private static long heapUsed() {
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    private static long directReserved() {
        long accounted = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
        // Where Netty takes memory with the JVM's accounting, its own count is of the same bytes.
        return PlatformDependent.useDirectBufferNoCleaner()
                ? accounted + Math.max(0, PlatformDependent.usedDirectMemory())
                : accounted;
    }

    /** Returns the larger one of each. */
    Memory max(Memory other) {
        return new Memory(
                Math.max(heap, other.heap), Math.max(direct, other.direct), Math.max(directInUse, other.directInUse));
    }

    /** Returns by how much this is more than {@code base}. */
    Memory since(Memory base) {
        return new Memory(heap - base.heap, direct - base.direct, directInUse - base.directInUse);
    }
}
