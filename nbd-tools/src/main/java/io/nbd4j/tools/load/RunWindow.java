package io.nbd4j.tools.load;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The time in which a run issues requests, and the part of it that is measured. All connections share one; any thread may
 * end it early. The times are those of {@link System#nanoTime}.
 */
final class RunWindow {
    private final boolean measured;
    private final long from;
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile long until;

    private RunWindow(boolean measured, long from, long until) {
        this.measured = measured;
        this.from = from;
        this.until = until;
    }

    /** Returns the window of a run that starts at {@code now}. */
    static RunWindow measured(long now, long warmupNanos, long runtimeNanos) {
        return new RunWindow(true, now + warmupNanos, now + warmupNanos + runtimeNanos);
    }

    /** Returns a window for work that ends by itself and whose speed does not matter. */
    static RunWindow unmeasured(long now) {
        return new RunWindow(false, now, now + Long.MAX_VALUE);
    }

    /** Returns whether no more requests are to be issued. */
    boolean isOver(long now) {
        return now - until >= 0;
    }

    /** Returns whether the warm-up is over, so that what happens counts. */
    boolean isWarm(long now) {
        return now - from >= 0;
    }

    /** Returns whether a request that ends now is part of the figures of speed. */
    boolean isMeasured(long now) {
        return measured && now - from >= 0 && now - until < 0;
    }

    /** Ends the window before its time. */
    void end(long now) {
        if (!isOver(now)) {
            until = now;
        }
        ended.countDown();
    }

    /** Waits for some time, and returns true if {@link #end} was called before it was over. */
    boolean awaitEarlyEnd(long nanos) throws InterruptedException {
        return ended.await(nanos, TimeUnit.NANOSECONDS);
    }

    long from() {
        return from;
    }

    long until() {
        return until;
    }

    /** Returns how long was measured; zero if the window ended in the warm-up. */
    long measuredNanos() {
        return Math.max(0, until - from);
    }
}
