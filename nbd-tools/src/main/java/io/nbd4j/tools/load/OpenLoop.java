package io.nbd4j.tools.load;

/**
 * Issues requests at a fixed rate, whatever the server does. If all slots are busy when a request is due, it is issued as
 * soon as one is free, and its latency counts from when it was due: a server that stalls is charged for every request
 * that had to wait (no coordinated omission).
 */
final class OpenLoop extends Lane {
    private static final double NANOS_PER_SECOND = 1e9;

    private final double interval;
    private final double phase;
    private final Slot[] idle;
    private int idleCount;
    private long origin;
    private long issued;
    private boolean timerRuns;

    /**
     * Creates one of {@code lanes} lanes that issue {@code rate} requests per second together; they take turns.
     */
    OpenLoop(Parts parts, long rate, int lane, int lanes) {
        super(parts);
        interval = NANOS_PER_SECOND * lanes / rate;
        phase = NANOS_PER_SECOND * lane / rate;
        idle = slots.clone();
        idleCount = idle.length;
    }

    @Override
    void issueFirst(long now) {
        origin = now;
        issueDue(now);
    }

    @Override
    void issueNext(Slot free, long now) {
        idle[idleCount++] = free;
        issueDue(now);
    }

    @Override
    void issueDue(long now) {
        while (idleCount > 0) {
            long due = origin + (long) (phase + issued * interval);
            if (due - now > 0) {
                wakeAt(due, now);
                return;
            }
            issued++;
            submit(idle[--idleCount], due);
        }
    }

    private void wakeAt(long due, long now) {
        if (timerRuns) {
            return;
        }
        timerRuns = true;
        // Not later than the end of the window, where a lane with nothing in flight has to notice that it is finished.
        time.runAfter(Math.min(due - now, Math.max(0, window.until() - now)), () -> {
            timerRuns = false;
            wake();
        });
    }

    @Override
    boolean expectsMore(long now) {
        return !window.isOver(now);
    }
}
