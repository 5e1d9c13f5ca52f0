package io.nbd4j.tools.load;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The memory of one slot, used again for each of its requests. Reads and writes have a buffer each, so that what is
 * written does not depend on what was read: a server may store zeroes in another way than data.
 *
 * @param read where reads go
 * @param readView the same memory
 * @param write what is written
 * @param writeView the same memory
 */
record SlotBuffers(ByteBuf read, ByteBuffer readView, ByteBuf write, ByteBuffer writeView) {
    /**
     * Allocates the memory of {@code slots} slots, and touches it; the caller releases each. A buffer that is not needed is
     * empty.
     *
     * @throws OutOfMemoryError if there is not so much direct memory; what was allocated is released
     */
    static List<SlotBuffers> allocate(int slots, int blockSize, boolean reads, boolean writes) {
        List<ByteBuf> buffers = new ArrayList<>(2 * slots);
        try {
            for (int i = 0; i < slots; i++) {
                buffers.add(allocate(reads ? blockSize : 0));
                buffers.add(allocate(writes ? blockSize : 0));
            }
        } catch (OutOfMemoryError e) {
            buffers.forEach(ByteBuf::release);
            throw e;
        }
        List<SlotBuffers> all = new ArrayList<>(slots);
        for (int i = 0; i < slots; i++) {
            all.add(touched(buffers.get(2 * i), buffers.get(2 * i + 1), i));
        }
        return all;
    }

    private static ByteBuf allocate(int capacity) {
        return PooledByteBufAllocator.DEFAULT.directBuffer(capacity, capacity).setIndex(0, capacity);
    }

    private static SlotBuffers touched(ByteBuf read, ByteBuf write, int seed) {
        read.setZero(0, read.capacity());
        fillWithNoise(write, seed);
        return new SlotBuffers(read, read.nioBuffer(0, read.capacity()), write, write.nioBuffer(0, write.capacity()));
    }

    private static void fillWithNoise(ByteBuf buffer, int seed) {
        RandomWorkload noise = new RandomWorkload(256, AccessPattern.RANDREAD, seed + 1L);
        for (int i = 0; i < buffer.capacity(); i++) {
            buffer.setByte(i, (int) noise.nextBlock());
        }
    }

    void release() {
        read.release();
        write.release();
    }
}
