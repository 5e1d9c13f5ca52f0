package io.nbd4j.tools.load;

import io.netty.channel.EventLoop;
import java.util.concurrent.TimeUnit;

/** The clock and the timer of an event loop. */
interface LoopTime {
    /** Returns what {@link System#nanoTime} does. */
    long nanoTime();

    /** Runs a task on the event loop, after some time. */
    void runAfter(long nanos, Runnable task);

    /** Returns the time of a real event loop. */
    static LoopTime of(EventLoop loop) {
        return new LoopTime() {
            @Override
            public long nanoTime() {
                return System.nanoTime();
            }

            @Override
            @SuppressWarnings("FutureReturnValueIgnored") // the task reports through its lane
            public void runAfter(long nanos, Runnable task) {
                loop.schedule(task, nanos, TimeUnit.NANOSECONDS);
            }
        };
    }
}
