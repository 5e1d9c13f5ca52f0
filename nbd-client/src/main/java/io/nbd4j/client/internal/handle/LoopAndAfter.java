package io.nbd4j.client.internal.handle;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * The event loop that something is confined to, and, for what has to come to an end even after that, the one thread of
 * Netty's {@link GlobalEventExecutor}.
 */
record LoopAndAfter(EventLoop loop) implements Executor {
    /** Runs the action later, on the event loop; if that takes no more, behind everything that it still runs. Any thread. */
    @Override
    public void execute(Runnable action) {
        try {
            loop.execute(action);
        } catch (RejectedExecutionException e) {
            // It was shut down, but the last of its tasks may be running.
            loop.terminationFuture().addListener(ended -> GlobalEventExecutor.INSTANCE.execute(action));
        }
    }
}
