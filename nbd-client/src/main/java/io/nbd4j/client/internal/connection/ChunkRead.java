package io.nbd4j.client.internal.connection;

import io.nbd4j.client.NbdException;
import io.nbd4j.client.ReadChunk;
import io.nbd4j.client.ReadChunkListener;
import io.nbd4j.codec.NbdError;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * A read that hands out its chunks. Its {@link #destination} is a buffer for the chunk whose payload is arriving, if any,
 * and not a byte longer.
 */
class ChunkRead extends ReadCommand<@Nullable Void> {
    private final ChunkSink sink;

    /** Creates a read whose chunks go to {@code listener}. */
    ChunkRead(Connection connection, int flags, long offset, long length, ReadChunkListener listener) {
        super(connection, flags, offset, length);
        this.sink = new ChunkSink(this, listener);
    }

    /** Creates a piece of {@code whole}, whose chunks go where those of the whole go. */
    ChunkRead(ChunkRead whole, long offset, int length) {
        super(whole.connection, whole.flags, offset, length);
        this.sink = whole.sink;
    }

    @Override
    final boolean isGivenUp() {
        return !sink.isOpen();
    }

    /** The payload of a chunk is about to arrive. If there is no place for it, it is skipped. */
    final void beginData(int count) {
        if (sink.isOpen()) {
            try {
                destination = connection.allocator().directBuffer(count, count);
            } catch (OutOfMemoryError e) {
                // Netty's own, when direct memory is at its limit, or the JDK's for the same reason: the heap is well.
                sink.failed(e);
            }
        }
    }

    /** The payload of the chunk at {@code chunkOffset} is complete. */
    final void endData(long chunkOffset) {
        ByteBuf content = destination;
        if (content != null) {
            destination = null;
            try {
                sink.accept(new ReadChunk.Data(chunkOffset, content.writerIndex(content.capacity())));
            } finally {
                content.release();
            }
        }
    }

    final void hole(long holeOffset, long count) {
        sink.accept(new ReadChunk.Hole(holeOffset, count));
    }

    final void error(int error, long errorOffset, String message) {
        sink.accept(new ReadChunk.Failure(
                contains(errorOffset, 1) ? errorOffset : -1,
                error == 0 ? NbdError.EIO : NbdError.fromWire(error),
                message));
    }

    @Override
    void deliver() {
        Throwable thrown = sink.failure();
        if (thrown != null) {
            fail(thrown);
        } else {
            succeed(null);
        }
    }

    @Override
    void end(NbdException failure) {
        Throwable thrown = sink.failure();
        if (thrown != null) {
            failure.addSuppressed(thrown);
        }
        super.end(failure);
    }
}
