package io.nbd4j.client.internal.connection;

import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.CommandType;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * A read, into whatever buffer its subclass has. The range of the buffer is filled as the answer streams in.
 *
 * @param <T> what the caller gets
 */
abstract class ReadCommand<T extends @Nullable Object> extends Command<T> {
    /** Where the bytes go, from {@link #index} on. Held (retained) by this command; null when there is none, or no more. */
    @Nullable
    ByteBuf destination;

    int index;

    private long covered;
    private @Nullable Coverage scattered;

    ReadCommand(Connection connection, int flags, long offset, long length) {
        super(connection, CommandType.READ, flags, offset, length);
    }

    @Override
    final long payloadLength() {
        return length;
    }

    /** Returns whether {@code count} bytes from {@code chunkOffset} of the export on are within what was asked for. */
    final boolean contains(long chunkOffset, long count) {
        return chunkOffset >= offset && count <= length && chunkOffset - offset <= length - count;
    }

    /** Returns whether the answer has to come in one part. */
    final boolean isUnfragmented() {
        return (flags & CommandFlag.DF.bit()) != 0;
    }

    /** Forgets the answer that has come, to be sent again as a plain read. Its destination is the same. */
    final void startOver() {
        flags &= ~CommandFlag.DF.bit();
        refusal = null;
        covered = 0;
        scattered = null;
    }

    /** Returns whether some of the range has arrived. */
    final boolean isBegun() {
        return covered > 0 || scattered != null;
    }

    /** Notes that a part of the range arrives. Returns false if some of it came before. */
    final boolean cover(long chunkOffset, long count) {
        long start = chunkOffset - offset;
        if (scattered == null) {
            if (start == covered) {
                covered += count;
                return true;
            }
            scattered = new Coverage(covered);
        }
        return scattered.add(start, start + count);
    }

    /** Returns whether every byte that was asked for has come. */
    final boolean isCovered() {
        return scattered == null ? covered == length : scattered.total() == length;
    }

    /** Returns the buffer that the kernel may fill without a copy, null if there is none. */
    final @Nullable ByteBuf window(int from, int count) {
        ByteBuf buffer = destination;
        if (buffer == null || !buffer.isDirect() || buffer.nioBufferCount() != 1) {
            return null;
        }
        return buffer.retainedSlice(from, count).setIndex(0, 0);
    }

    /** Puts the next bytes of the answer into their place; throws them away if the caller gave the read up. */
    final void fill(int at, ByteBuf in, int count) {
        ByteBuf buffer = destination;
        if (buffer != null) {
            PayloadCopy.copy(in, count, buffer, at);
        }
    }

    final void zero(int at, int count) {
        if (destination != null) {
            destination.setZero(at, count);
        }
    }

    @Override
    void releaseBuffers() {
        ByteBuf buffer = destination;
        if (buffer != null) {
            destination = null;
            buffer.release();
        }
    }

    @Override
    final void detach(Runnable ending) {
        // From here on the rest of the answer has no place to go to.
        releaseBuffers();
        ending.run();
    }
}
