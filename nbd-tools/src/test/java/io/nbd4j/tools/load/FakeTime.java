package io.nbd4j.tools.load;

import java.util.ArrayList;
import java.util.List;

/** A clock that stands still until the test moves it. */
final class FakeTime implements LoopTime {
    private record Timer(long at, Runnable task) {}

    private final List<Timer> timers = new ArrayList<>();
    private long now;

    FakeTime(long start) {
        now = start;
    }

    @Override
    public long nanoTime() {
        return now;
    }

    @Override
    public void runAfter(long nanos, Runnable task) {
        timers.add(new Timer(now + nanos, task));
    }

    /** Moves the clock, with a stop at each timer on the way. */
    void advance(long nanos) {
        long end = now + nanos;
        while (true) {
            Timer next = null;
            for (Timer timer : timers) {
                if (timer.at() - end <= 0 && (next == null || timer.at() - next.at() < 0)) {
                    next = timer;
                }
            }
            if (next == null) {
                break;
            }
            timers.remove(next);
            now = Math.max(now, next.at());
            next.task().run();
        }
        now = end;
    }
}
