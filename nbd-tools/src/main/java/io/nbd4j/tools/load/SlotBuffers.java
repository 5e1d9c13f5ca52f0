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
    /** Allocates and touches the memory of {@code slots} slots; the caller releases each. A buffer that is not needed is empty. */
    static List<SlotBuffers> allocate(int slots, int blockSize, boolean reads, boolean writes) {
        List<SlotBuffers> all = new ArrayList<>(slots);
        try {
            for (int i = 0; i < slots; i++) {
                ByteBuf read = buffer(reads ? blockSize : 0);
                ByteBuf write;
                try {
                    write = buffer(writes ? blockSize : 0);
                } catch (OutOfMemoryError e) {
                    read.release();
                    throw e;
                }
                fillWithNoise(write, i);
                all.add(new SlotBuffers(
                        read, read.nioBuffer(0, read.capacity()), write, write.nioBuffer(0, write.capacity())));
            }
            return all;
        } catch (OutOfMemoryError e) {
            all.forEach(SlotBuffers::release);
            throw e;
        }
    }

    private static ByteBuf buffer(int capacity) {
        ByteBuf buffer = PooledByteBufAllocator.DEFAULT.directBuffer(capacity, capacity);
        return buffer.setZero(0, capacity).setIndex(0, capacity);
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
