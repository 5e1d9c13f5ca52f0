package io.nbd4j.client.internal.connection;

import io.nbd4j.client.Extent;
import io.nbd4j.codec.ProtocolLimits;
import java.util.Arrays;
import java.util.List;

/**
 * The extents of one meta context, as they arrive: each behind the one before, neighbours of the same status joined, what is
 * beyond the range that was asked about cut off.
 */
final class ExtentList {
    private static final int INITIAL = 4;

    private final long start;
    private final long meaningfulFlags;
    private long[] ends = new long[INITIAL];
    private long[] flags = new long[INITIAL];
    private int size;
    private boolean full;
    private long limit;
    /** How many extents the current answer had so far; -1 if it had none for this context. */
    private int answered = -1;

    /**
     * Creates a list that begins at {@code start} of the export.
     *
     * @param meaningfulFlags the bits that are defined; a client has to ignore the others
     */
    ExtentList(long start, long meaningfulFlags) {
        this.start = start;
        this.meaningfulFlags = meaningfulFlags;
    }

    /** An answer is to come about the bytes from {@link #end} to {@code newLimit}. */
    void expect(long newLimit) {
        limit = newLimit;
        answered = -1;
    }

    /** The extents of an answer begin. Returns false if they have before. */
    boolean begin() {
        if (answered >= 0) {
            return false;
        }
        answered = 0;
        return true;
    }

    /** Returns whether the answer had extents for this context. */
    boolean isAnswered() {
        return answered >= 0;
    }

    /**
     * Adds the next extent.
     *
     * @param length at least 1
     * @return whether it is the first of its answer, and within what was asked about, as all have to be that answer REQ_ONE
     */
    boolean add(long length, long status) {
        long end = end();
        long room = limit - end;
        boolean only = ++answered == 1 && length <= room;
        if (room > 0) {
            append(end + Math.min(length, room), status & meaningfulFlags);
        }
        return only;
    }

    private void append(long newEnd, long status) {
        if (size > 0 && flags[size - 1] == status) {
            ends[size - 1] = newEnd;
            return;
        }
        if (size == ProtocolLimits.MAX_EXTENTS) {
            // What comes behind would leave a gap.
            full = true;
            limit = end();
            return;
        }
        if (size == ends.length) {
            ends = Arrays.copyOf(ends, 2 * size);
            flags = Arrays.copyOf(flags, 2 * size);
        }
        ends[size] = newEnd;
        flags[size] = status;
        size++;
    }

    /** Returns where what is known ends. */
    long end() {
        return size == 0 ? start : ends[size - 1];
    }

    /** Returns whether all is known that was asked about, and there is room for more. */
    boolean isComplete() {
        return !full && end() == limit;
    }

    List<Extent> toList() {
        Extent[] extents = new Extent[size];
        long from = start;
        for (int i = 0; i < size; i++) {
            extents[i] = new Extent(from, ends[i] - from, flags[i]);
            from = ends[i];
        }
        return List.of(extents);
    }
}
