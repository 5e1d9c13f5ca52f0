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
    /** Answers before the first trial, and before the one that follows a change. */
    static final int FIRST_REST = 64;

    /** Answers between trials at most. They become rare while they change nothing. */
    static final int MAX_REST = 8192;

    /** Answers of a trial that count. */
    static final int TRIAL = 64;

    /** Answers after a change of the way that don't: the kernel finds new places for the two programs. */
    static final int SETTLING = 8;

    private final long worstNanos;
    private final int worthwhileGain;
    private final Mean polled = new Mean();
    private final Mean slept = new Mean();

    private boolean polling = true;
    private boolean trying;
    private int rest = FIRST_REST;
    /** Since the last trial, or in this one. */
    private int answers;

    /**
     * Creates a choice that begins with polling.
     *
     * @param worstNanos no answer counts as more
     * @param worthwhileGain polling has to spare at least one part of so many of the time
     */
    PollChoice(long worstNanos, int worthwhileGain) {
        this.worstNanos = worstNanos;
        this.worthwhileGain = worthwhileGain;
    }

    /** Returns whether to poll for the next answer. */
    boolean polls() {
        return trying != polling;
    }

    /** An answer took {@code nanos}, awaited as {@link #polls} had said. */
    void answered(long nanos) {
        answers++;
        if (answers > SETTLING) {
            (polls() ? polled : slept).add(Math.min(nanos, worstNanos));
        }
        if (!trying && answers == rest) {
            trying = true;
            answers = 0;
        } else if (trying && answers == SETTLING + TRIAL) {
            choose(polled.nanos < slept.nanos - slept.nanos / worthwhileGain);
        }
    }

    private void choose(boolean poll) {
        rest = poll == polling ? Math.min(2 * rest, MAX_REST) : FIRST_REST;
        polling = poll;
        trying = false;
        answers = 0;
    }

    /** Of the last few hundred answers: those of the last trials, if it is the way that is not chosen. */
    private static final class Mean {
        private static final int MEMORY = 4 * TRIAL;

        private double nanos;
        private int count;

        void add(long took) {
            count = Math.min(count + 1, MEMORY);
            nanos += ((double) took - nanos) / count;
        }
    }
}
