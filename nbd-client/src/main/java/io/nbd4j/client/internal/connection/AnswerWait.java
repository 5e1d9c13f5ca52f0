package io.nbd4j.client.internal.connection;

import io.nbd4j.client.internal.busypoll.BusyPoll;
import org.jspecify.annotations.Nullable;

/**
 * Has the event loop poll for the answer to a request that is alone in flight, up to a limit, where that is faster than to
 * sleep until it comes ({@link PollChoice}).
 */
final class AnswerWait {
    private final long limitNanos;
    private final PollChoice choice;
    private long sentAt;
    /** What the answer is awaited with; null if no request was alone when it left. */
    private @Nullable BusyPoll poll;

    /** Creates a wait that polls for up to {@code limitNanos}; 0 for never. */
    AnswerWait(long limitNanos) {
        this.limitNanos = limitNanos;
        this.choice = new PollChoice(limitNanos);
    }

    /** A request has left, and no other is in flight. */
    void begin() {
        BusyPoll current = limitNanos == 0 ? null : BusyPoll.ofCurrentLoop();
        poll = current;
        if (current != null) {
            sentAt = current.nanoTime();
            if (choice.polls()) {
                current.until(sentAt + limitNanos);
            }
        }
    }

    /** An answer is complete. Until then the loop polled on: its first bytes are no reason to sleep. */
    void end() {
        BusyPoll current = poll;
        if (current != null) {
            poll = null;
            current.stop();
            choice.answered(current.nanoTime() - sentAt);
        }
    }
}
