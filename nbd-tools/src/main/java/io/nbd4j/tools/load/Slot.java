package io.nbd4j.tools.load;

import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * One request in flight at a time, again and again: the object that hears of its end is the one that is used for the next.
 * Lives on the thread of its lane.
 */
final class Slot implements BiConsumer<@Nullable Object, @Nullable Throwable> {
    final SlotBuffers buffers;

    /** When the request was issued or, in an open loop, should have been. */
    long startNanos;
    /** Counted from the start of the region. */
    long block;

    boolean writing;
    /** What a verified write leaves in its block. */
    int generation;

    private final Lane lane;

    Slot(Lane lane, SlotBuffers buffers) {
        this.lane = lane;
        this.buffers = buffers;
    }

    @Override
    public void accept(@Nullable Object ignored, @Nullable Throwable failure) {
        lane.ended(this, failure);
    }
}
