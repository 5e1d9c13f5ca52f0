package io.nbd4j.client.internal.connection;

import io.nbd4j.client.internal.busypoll.BusyPoll;
import org.jspecify.annotations.Nullable;

/**
 * Has the event loop poll for what the server owes, up to a limit, where that is faster than to sleep until it comes
 * ({@link PollChoice}): with few requests in flight, and within a large payload. Else the loop hardly ever sleeps, and there
 * is nothing to be won.
 */
final class AnswerWait {
    /** With more requests in flight, the next answer has usually come before the last one has been taken apart. */
    private static final int FEW = 8;

    /** Polling for a few answers can take twice the processor time. */
    private static final int GAIN_WITH_FEW = 8;

    /** No answer counts as more than this many limits. */
    private static final int WORST = 8;

    /** The pieces of a payload follow each other within a few microseconds, or the server is not just sending. */
    private static final long MOST_WITHIN_PAYLOAD_NANOS = 20_000;

    /** Little is polled in vain then, so that a smaller gain is worth it. */
    private static final int GAIN_WITHIN_PAYLOAD = 16;

    /** No answer counts as more than this: large ones take their time. */
    private static final long WORST_WITH_PAYLOADS_NANOS = 5_000_000;

    private final long limitNanos;
    private final PollChoice few;
    private final PollChoice payloads;
    /** The one that answers are measured for; null while none is owed, or many small ones are. */
    private @Nullable PollChoice measured;
    /** When the last answer came, or nothing was owed before. */
    private long since;

    private boolean polling;

    /** Creates a wait that polls for up to {@code limitNanos}; 0 for never. */
    AnswerWait(long limitNanos) {
        this.limitNanos = limitNanos;
        this.few = new PollChoice(WORST * limitNanos, GAIN_WITH_FEW);
        this.payloads = new PollChoice(WORST_WITH_PAYLOADS_NANOS, GAIN_WITHIN_PAYLOAD);
    }

    /** The loop is about to look for events, and {@code owed} answers are awaited. */
    void await(int owed, Replies replies) {
        BusyPoll poll = limitNanos == 0 ? null : BusyPoll.ofCurrentLoop();
        if (poll != null) {
            PollChoice choice = choice(owed, replies);
            if (choice != measured) {
                measured = choice;
                since = poll.nanoTime();
            }
            if (choice != null && choice.polls() && (choice == few || replies.isWithinLargePayload())) {
                poll.until(poll.nanoTime() + limit(choice));
                polling = true;
            } else if (polling) {
                poll.stop();
                polling = false;
            }
        }
    }

    private @Nullable PollChoice choice(int owed, Replies replies) {
        if (owed == 0) {
            return null;
        }
        if (owed <= FEW) {
            return few;
        }
        return replies.isLargeReadOwed() ? payloads : null;
    }

    private long limit(PollChoice choice) {
        return choice == few ? limitNanos : Math.min(limitNanos, MOST_WITHIN_PAYLOAD_NANOS);
    }

    /** An answer is complete. */
    void answered() {
        PollChoice choice = measured;
        BusyPoll poll = choice == null ? null : BusyPoll.ofCurrentLoop();
        if (choice != null && poll != null) {
            long now = poll.nanoTime();
            choice.answered(now - since);
            since = now;
        }
    }
}
