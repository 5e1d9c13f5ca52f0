package io.nbd4j.client.internal.handle;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

/**
 * The event loop that a handle is confined to. It begins with one of its own; an adopted channel brings another one, to
 * which it then moves, once, before anything was started.
 */
final class HandleLoop {
    private volatile EventLoop current;

    HandleLoop(EventLoop first) {
        this.current = first;
    }

    /** Returns the one that the handle is confined to now. Any thread. */
    EventLoop get() {
        return current;
    }

    /**
     * Returns whether the calling thread is an event loop of the same group. Other handles may be confined to it, and two
     * that waited for each other would wait for ever.
     */
    boolean isInGroup() {
        EventLoop loop = current;
        EventLoopGroup group = loop.parent();
        if (group != null) {
            for (EventExecutor each : group) {
                if (each.inEventLoop()) {
                    return true;
                }
            }
        }
        return loop.inEventLoop();
    }

    /**
     * From now on the handle is confined to {@code loop}. Called on the current one, so nothing of the handle runs
     * meanwhile.
     *
     * @param first runs there before all that other threads want of the handle
     * @param ifRejected runs instead, on the calling thread, if that event loop was shut down
     */
    void moveTo(EventLoop loop, Runnable first, Consumer<RejectedExecutionException> ifRejected) {
        try {
            enter(loop, first, ifRejected);
        } catch (RejectedExecutionException e) {
            ifRejected.accept(e);
        }
    }

    /**
     * Runs the action where the handle is confined to. Any thread.
     *
     * @param ifRejected runs instead, on the calling thread, if that event loop was shut down
     */
    void execute(Runnable action, Consumer<RejectedExecutionException> ifRejected) {
        try {
            enqueue(action, ifRejected);
        } catch (RejectedExecutionException e) {
            ifRejected.accept(e);
        }
    }

    /** Whoever sees the new loop comes after {@code first}: to give up what has not begun would be to no effect. */
    private synchronized void enter(EventLoop loop, Runnable first, Consumer<RejectedExecutionException> ifRejected) {
        current = loop;
        enqueue(first, ifRejected);
    }

    private synchronized void enqueue(Runnable action, Consumer<RejectedExecutionException> ifRejected) {
        EventLoop loop = current;
        loop.execute(() -> {
            if (loop == current) {
                action.run();
            } else {
                // The handle has moved in the meantime.
                execute(action, ifRejected);
            }
        });
    }
}
