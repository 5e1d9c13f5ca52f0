package io.nbd4j.client.benchmark;

import io.nbd4j.client.NbdDevice;
import io.nbd4j.client.NbdFuture;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * So many requests at a time, submitted on the event loop. Nobody adds a stage to their futures: that they have all
 * succeeded is seen when the answers have come.
 */
abstract class Requests implements Turn, AutoCloseable {
    /** How long a read or a write is, in bytes. */
    static final int BLOCK = 4096;

    /** The caller's. A leak detector would allocate whenever it sees one of its buffers. */
    private static final UnpooledByteBufAllocator MEMORY = new UnpooledByteBufAllocator(true, true);

    final NbdDevice device;
    private final List<ByteBuf> buffers = new ArrayList<>();
    private final NbdFuture<?>[] futures;
    private long offset;

    private Requests(NbdDevice device, int depth) {
        this.device = device;
        this.futures = new NbdFuture<?>[depth];
        for (int slot = 0; slot < depth; slot++) {
            buffers.add(MEMORY.directBuffer(BLOCK, BLOCK));
        }
    }

    abstract NbdFuture<?> submit(int slot, long at);

    /** The request of a slot has succeeded. */
    void succeeded(int slot, NbdFuture<?> future) {
        // Usually there is nothing to clean up.
    }

    final ByteBuf buffer(int slot) {
        return buffers.get(slot);
    }

    @Override
    public final void begin() {
        for (int slot = 0; slot < futures.length; slot++) {
            futures[slot] = submit(slot, offset);
            offset = (offset + BLOCK) % InVmServer.EXPORT_SIZE;
        }
    }

    @Override
    public final void end() {
        for (int slot = 0; slot < futures.length; slot++) {
            NbdFuture<?> future = futures[slot];
            if (!future.isDone()) {
                throw new IllegalStateException("a request was not answered: " + future);
            }
            // Throws how it has failed, if it has.
            future.join();
            succeeded(slot, future);
        }
    }

    @Override
    public void close() {
        buffers.forEach(ByteBuf::release);
    }

    /** Reads into {@link ByteBuf}s of the caller's. */
    static Requests preadByteBuf(NbdDevice device, int depth) {
        return new Requests(device, depth) {
            @Override
            NbdFuture<?> submit(int slot, long at) {
                return device.pread(buffer(slot).clear(), at);
            }
        };
    }

    /** Reads into {@link ByteBuffer}s of the caller's. */
    static Requests preadByteBuffer(NbdDevice device, int depth) {
        return new NioRequests(device, depth) {
            @Override
            NbdFuture<?> submit(int slot, long at) {
                return device.pread(nioBuffer(slot), at);
            }
        };
    }

    /** Reads into new buffers. */
    static Requests preadNew(NbdDevice device, int depth) {
        return new Requests(device, depth) {
            @Override
            NbdFuture<?> submit(int slot, long at) {
                return device.pread(BLOCK, at);
            }

            @Override
            void succeeded(int slot, NbdFuture<?> future) {
                ((ByteBuf) future.join()).release();
            }
        };
    }

    /** Writes {@link ByteBuf}s. */
    static Requests pwriteByteBuf(NbdDevice device, int depth) {
        return new Requests(device, depth) {
            @Override
            NbdFuture<?> submit(int slot, long at) {
                return device.pwrite(buffer(slot).setIndex(0, BLOCK).retain(), at);
            }
        };
    }

    /** Writes {@link ByteBuffer}s. */
    static Requests pwriteByteBuffer(NbdDevice device, int depth) {
        return new NioRequests(device, depth) {
            @Override
            NbdFuture<?> submit(int slot, long at) {
                return device.pwrite(nioBuffer(slot), at);
            }
        };
    }

    /** Flushes. */
    static Requests flush(NbdDevice device, int depth) {
        return new Requests(device, depth) {
            @Override
            NbdFuture<?> submit(int slot, long at) {
                return device.flush();
            }
        };
    }

    /** Those whose buffers are the JDK's. */
    private abstract static class NioRequests extends Requests {
        private final List<ByteBuffer> nioBuffers = new ArrayList<>();

        NioRequests(NbdDevice device, int depth) {
            super(device, depth);
            for (int slot = 0; slot < depth; slot++) {
                nioBuffers.add(ByteBuffer.allocateDirect(BLOCK));
            }
        }

        final ByteBuffer nioBuffer(int slot) {
            return nioBuffers.get(slot).clear();
        }
    }
}
