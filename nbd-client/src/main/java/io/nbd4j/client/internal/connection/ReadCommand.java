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
    /**
     * How many ranges of a read may have arrived that do not touch, beside one for each of its sectors. A server that answers
     * sector by sector stays below that, whatever the order. Each costs an object, so one that sends every second byte could
     * have us hold many times what it has sent, and what was asked for. That concerns this read only, which fails as it does
     * when a part comes twice.
     */
    private static final int MORE_RANGES = 1024;

    private static final int SECTOR = 512;

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

    /** Returns whether {@code count} bytes, at least one, from {@code chunkOffset} of the export on were asked for. */
    final boolean contains(long chunkOffset, long count) {
        // Offsets have 64 bits without a sign, if the caller wants it so: what is before the range is far behind it.
        return count <= length && Long.compareUnsigned(chunkOffset - offset, length - count) <= 0;
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

    /** Returns whether the caller does not want the answer any more. */
    boolean isGivenUp() {
        return destination == null;
    }

    /** Notes that a part of the range arrives, unless the read was given up. Returns what is wrong with it, null if nothing is. */
    final @Nullable String cover(long chunkOffset, long count) {
        long start = chunkOffset - offset;
        if (scattered == null && start == covered) {
            covered += count;
            return null;
        }
        return isGivenUp() ? null : scatter(start, count);
    }

    private @Nullable String scatter(long start, long count) {
        Coverage parts = scattered;
        if (parts == null) {
            parts = new Coverage(covered);
            scattered = parts;
        }
        if (!parts.add(start, start + count)) {
            return "the server sent a part of the range twice";
        }
        return parts.ranges() > MORE_RANGES + length / SECTOR
                ? "the server sent too many parts that do not follow each other"
                : null;
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
        scattered = null;
        ending.run();
    }
}
