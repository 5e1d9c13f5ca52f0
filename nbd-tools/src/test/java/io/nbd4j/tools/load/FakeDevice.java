package io.nbd4j.tools.load;

import io.nbd4j.client.BlockStatus;
import io.nbd4j.client.CommandRefusedException;
import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.ExportInfo;
import io.nbd4j.client.ExtentWalk;
import io.nbd4j.client.NbdDevice;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdRange;
import io.nbd4j.client.ReadChunkListener;
import io.nbd4j.client.RequestFate;
import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.NbdError;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * A device in memory that answers when the test says so, on the thread of the test: the event loop of this device. Writes
 * take effect, and reads are filled, when they are answered.
 */
final class FakeDevice implements NbdDevice {
    final byte[] content;
    final List<Request> inFlight = new ArrayList<>();
    int overlaps;
    boolean lost;

    FakeDevice(int size) {
        content = new byte[size];
    }

    /** A request that waits for its answer. */
    final class Request extends NbdFuture<Void> {
        final boolean writing;
        final long offset;
        final int length;
        private final ByteBuf data;

        Request(boolean writing, long offset, int length, ByteBuf data) {
            this.writing = writing;
            this.offset = offset;
            this.length = length;
            this.data = data;
        }

        @SuppressWarnings("NullAway") // Void has no other value
        void answer() {
            inFlight.remove(this);
            if (writing) {
                data.getBytes(data.readerIndex(), content, (int) offset, length);
                data.release();
            } else {
                data.writeBytes(content, (int) offset, length);
            }
            succeed(null);
        }

        void refuse() {
            end(new CommandRefusedException(type(), range(), NbdError.EIO.wire(), -1, ""));
        }

        void lose() {
            end(new ConnectionLostException("the server went away", RequestFate.UNKNOWN, type(), range(), null));
        }

        private void end(Throwable failure) {
            inFlight.remove(this);
            if (writing) {
                data.release();
            }
            fail(failure);
        }

        private CommandType type() {
            return writing ? CommandType.WRITE : CommandType.READ;
        }

        private NbdRange range() {
            return NbdRange.of(offset, length);
        }

        @Override
        protected void giveUp(Runnable ending) {
            throw new UnsupportedOperationException();
        }

        @Override
        protected boolean isOnCompletingThread() {
            return false;
        }
    }

    private NbdFuture<Void> accept(boolean writing, long offset, int length, ByteBuf data) {
        Request request = new Request(writing, offset, length, data);
        if (lost) {
            request.lose();
            return request;
        }
        for (Request other : inFlight) {
            if ((writing || other.writing) && offset < other.offset + other.length && other.offset < offset + length) {
                overlaps++;
            }
        }
        inFlight.add(request);
        return request;
    }

    @Override
    public NbdFuture<Void> pread(ByteBuf dst, long offset) {
        return accept(false, offset, dst.writableBytes(), dst);
    }

    @Override
    public NbdFuture<Void> pread(ByteBuf dst, long offset, CommandFlag... flags) {
        return pread(dst, offset);
    }

    @Override
    public NbdFuture<Void> pwrite(ByteBuf data, long offset, CommandFlag... flags) {
        return accept(true, offset, data.readableBytes(), data);
    }

    @Override
    public NbdFuture<ByteBuf> pread(int length, long offset) {
        throw new UnsupportedOperationException();
    }

    @Override
    public NbdFuture<ByteBuf> pread(int length, long offset, CommandFlag... flags) {
        throw new UnsupportedOperationException();
    }

    @Override
    public NbdFuture<Void> pread(ByteBuffer dst, long offset) {
        throw new UnsupportedOperationException();
    }

    @Override
    public NbdFuture<Void> pread(ByteBuffer dst, long offset, CommandFlag... flags) {
        throw new UnsupportedOperationException();
    }

    @Override
    public NbdFuture<Void> pwrite(ByteBuffer data, long offset, CommandFlag... flags) {
        throw new UnsupportedOperationException();
    }

    @Override
    public NbdFuture<Void> flush() {
        throw new UnsupportedOperationException();
    }

    @Override
    public NbdFuture<Void> trim(long length, long offset, CommandFlag... flags) {
        throw new UnsupportedOperationException();
    }

    @Override
    public NbdFuture<Void> zero(long length, long offset, CommandFlag... flags) {
        throw new UnsupportedOperationException();
    }

    @Override
    public NbdFuture<Void> cache(long length, long offset) {
        throw new UnsupportedOperationException();
    }

    @Override
    public NbdFuture<Void> preadChunks(long length, long offset, ReadChunkListener listener, CommandFlag... flags) {
        throw new UnsupportedOperationException();
    }

    @Override
    public NbdFuture<BlockStatus> blockStatus(long length, long offset, CommandFlag... flags) {
        throw new UnsupportedOperationException();
    }

    @Override
    public NbdFuture<BlockStatus> blockStatus(
            long length, long offset, Collection<String> contexts, CommandFlag... flags) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ExtentWalk extents(String context, NbdRange range) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ExtentWalk extents(String context) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ExportInfo export() {
        throw new UnsupportedOperationException();
    }

    @Override
    public NbdFuture<Void> closeAsync() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
