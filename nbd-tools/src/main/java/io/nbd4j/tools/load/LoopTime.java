package io.nbd4j.tools.load;

import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.TimeUnit;

/** The clock and the timer of the thread on which a lane lives. */
interface LoopTime {
    /** Returns what {@link System#nanoTime} does. */
    long nanoTime();

    /** Runs a task on that thread, after some time. */
    void runAfter(long nanos, Runnable task);

    /** Returns the time of a real one. */
    static LoopTime of(EventExecutor caller) {
        return new LoopTime() {
            @Override
            public long nanoTime() {
                return System.nanoTime();
            }

            @Override
            @SuppressWarnings("FutureReturnValueIgnored") // the task reports through its lane
            public void runAfter(long nanos, Runnable task) {
                caller.schedule(task, nanos, TimeUnit.NANOSECONDS);
            }
        };
    }
}
