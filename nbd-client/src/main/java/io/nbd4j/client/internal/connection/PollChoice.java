package io.nbd4j.client.internal.connection;

/**
 * Finds out whether polling for answers pays. That depends on the machine as much as on the server: where a wake-up is
 * cheap, or the processor that polls is missing elsewhere, sleeping is as fast, at half of the work. So from time to time
 * some answers are awaited the other way, and the faster way is kept; polling only if it spares a certain part of the time.
 *
 * <p>What counts is the mean, not the usual answer: a server that is kept from its processor by the poll answers fast most
 * of the time, and late once in a few hundred times. Has no clock of its own.
 */
final class PollChoice {
    /** Answers before the first trial, and before the one that follows a doubtful one. */
    static final int FIRST_REST = 64;

    /** Answers between trials at most. They become rare while they confirm the choice. */
    static final int MAX_REST = 4096;

    /** Answers of a trial that count. */
    static final int TRIAL = 64;

    /** Answers after a change of the way that don't: the kernel finds new places for the two programs. */
    static final int SETTLING = 8;

    /** A single trial does not see what happens once in a few hundred answers. */
    private static final int REMEMBERED_TRIALS = 4;

    /** One way counts as at most so many times as fast as the other. */
    private static final int MOST_RATIO = 4;

    private final long worstNanos;
    private final double worthwhile;

    private boolean polling = true;
    private boolean trying;
    private int rest = FIRST_REST;
    /** Since the last trial, or in this one. */
    private int answers;
    /** How long the answers took that were awaited in the chosen way. */
    private Mean chosen = new Mean();
    /** How long those of this trial took. */
    private Mean tried = new Mean();
    /** How long an answer takes that is polled for, as a part of what it takes asleep: the mean of the last trials. */
    private double ratio;

    private int trials;

    /**
     * Creates a choice that begins with polling.
     *
     * @param worstNanos no answer counts as more
     * @param worthwhileGain polling has to spare at least one part of so many of the time
     */
    PollChoice(long worstNanos, int worthwhileGain) {
        this.worstNanos = worstNanos;
        this.worthwhile = 1 - 1.0 / worthwhileGain;
    }

    /** Returns whether to poll for the next answer. */
    boolean polls() {
        return trying != polling;
    }

    /** An answer took {@code nanos}, awaited as {@link #polls} had said. */
    void answered(long nanos) {
        answers++;
        if (answers > SETTLING) {
            (trying ? tried : chosen).add(Math.min(nanos, worstNanos));
        }
        if (!trying && answers == rest) {
            trying = true;
            answers = 0;
            tried.clear();
        } else if (trying && answers == SETTLING + TRIAL) {
            conclude(polling ? chosen.nanos / tried.nanos : tried.nanos / chosen.nanos);
        }
    }

    private void conclude(double last) {
        trials = Math.min(trials + 1, REMEMBERED_TRIALS);
        // What was measured while the requests changed their kind may be wrong by any factor.
        ratio += (Math.max(1.0 / MOST_RATIO, Math.min(last, MOST_RATIO)) - ratio) / trials;
        boolean confirmed = (last < worthwhile) == polling;
        rest = confirmed ? Math.min(2 * rest, MAX_REST) : FIRST_REST;
        if ((ratio < worthwhile) != polling) {
            polling = !polling;
            Mean before = chosen;
            chosen = tried;
            tried = before;
        }
        trying = false;
        answers = 0;
    }

    /** Of the last few hundred answers. */
    private static final class Mean {
        private static final int MEMORY = 256;

        /** At least one, since it is divided by. */
        private double nanos = 1;

        private int count;

        void add(long took) {
            count = Math.min(count + 1, MEMORY);
            nanos = Math.max(1, nanos + (took - nanos) / count);
        }

        void clear() {
            nanos = 1;
            count = 0;
        }
    }
}
