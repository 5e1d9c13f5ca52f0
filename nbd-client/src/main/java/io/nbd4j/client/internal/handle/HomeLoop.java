package io.nbd4j.client.internal.handle;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The event loop that the state of several connections is confined to. What comes after its end runs where it is. */
record HomeLoop(EventLoop loop) implements Executor {
    @Override
    public void execute(Runnable action) {
        try {
            loop.execute(action);
        } catch (RejectedExecutionException e) {
            // It is gone, and with it everybody else who could touch the state.
            action.run();
        }
    }

    /** Runs the action after a while. Returns null if the loop is gone, so that it has run already. */
    @Nullable
    ScheduledFuture<?> after(Duration delay, Runnable action) {
        try {
            return loop.schedule(action, delay.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            action.run();
            return null;
        }
    }
}
