package io.nbd4j.client.internal.subprocess.socketpair;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.unix.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A block of native memory that pieces are taken from one after the other. Freed as a whole; confined to one thread. */
final class NativeBlock implements AutoCloseable {
    private static final int ALIGNMENT = 16;

    private final ByteBuf block;
    private final ByteBuffer bytes;
    private final long address;
    private int used;

    /** Allocates a block of zeros for pieces whose {@link #sizeOf sizes} add up to {@code size}. */
    NativeBlock(int size) {
        // One alignment more: the block itself may begin anywhere.
        int capacity = Math.addExact(size, ALIGNMENT);
        block = ByteBufAllocator.DEFAULT.directBuffer(capacity, capacity).setZero(0, capacity);
        bytes = block.nioBuffer(0, capacity).order(ByteOrder.nativeOrder());
        address = Buffer.memoryAddress(bytes);
        used = (int) (-address & (ALIGNMENT - 1));
    }

    /** Returns what a piece of {@code size} bytes takes of the block. */
    static int sizeOf(int size) {
        return Math.addExact(size, ALIGNMENT - 1) & -ALIGNMENT;
    }

    /** Returns what a string takes of the block. */
    static int sizeOf(byte[] string) {
        return sizeOf(string.length + 1);
    }

    /** Returns the address of {@code size} bytes, all zero. */
    long take(int size) {
        int index = used;
        used += sizeOf(size);
        if (used > bytes.capacity()) {
            throw new IllegalStateException("the block of " + bytes.capacity() + " bytes is used up");
        }
        return address + index;
    }

    /** Returns the address of a copy of {@code string} with a NUL behind it. */
    long takeString(byte[] string) {
        long at = take(string.length + 1);
        bytes.put(indexOf(at), string);
        return at;
    }

    int getInt(long at) {
        return bytes.getInt(indexOf(at));
    }

    void putInt(long at, int value) {
        bytes.putInt(indexOf(at), value);
    }

    void putLong(long at, long value) {
        bytes.putLong(indexOf(at), value);
    }

    private int indexOf(long at) {
        return Math.toIntExact(at - address);
    }

    @Override
    public void close() {
        block.release();
    }
}
