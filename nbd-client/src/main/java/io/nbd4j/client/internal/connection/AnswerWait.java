package io.nbd4j.client.internal.connection;

import io.nbd4j.client.internal.busypoll.BusyPoll;
import org.jspecify.annotations.Nullable;

/**
 * Decides whether the event loop polls for the answer to a request that is alone in flight, or sleeps until it comes. It
 * polls as long as the answers before came within the limit; a server that takes longer than that costs a few polls, and
 * then none.
 */
final class AnswerWait {
    /** The weight of the last answer in the average. */
    private static final int SMOOTHING = 8;

    /** One late answer counts as this many limits: it is no reason to give up, a few in a row are. */
    private static final int WORST = 4;

    private final long limitNanos;
    private long usualNanos;
    private long sentAt;
    private @Nullable BusyPoll poll;

    /** Creates a wait that polls for up to {@code limitNanos}; 0 for never. */
    AnswerWait(long limitNanos) {
        this.limitNanos = limitNanos;
    }

    /** A request has left, and no other is in flight. */
    void begin() {
        BusyPoll current = limitNanos == 0 ? null : BusyPoll.ofCurrentLoop();
        poll = current;
        if (current != null) {
            sentAt = current.nanoTime();
            if (usualNanos <= limitNanos) {
                current.until(sentAt + limitNanos);
            }
        }
    }

    /** Something came from the server. */
    void end() {
        BusyPoll current = poll;
        if (current != null) {
            poll = null;
            current.stop();
            long took = Math.min(current.nanoTime() - sentAt, WORST * limitNanos);
            usualNanos += (took - usualNanos) / SMOOTHING;
        }
    }
}
