package io.nbd4j.client.internal.handle;

import io.netty.channel.EventLoop;
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
     * From now on the handle is confined to {@code loop}. Called on the current one, so nothing of the handle runs
     * meanwhile.
     */
    void moveTo(EventLoop loop) {
        current = loop;
    }

    /**
     * Runs the action where the handle is confined to. Any thread.
     *
     * @param ifRejected runs instead, on the calling thread, if that event loop was shut down
     */
    void execute(Runnable action, Consumer<RejectedExecutionException> ifRejected) {
        EventLoop loop = current;
        try {
            loop.execute(() -> {
                if (loop == current) {
                    action.run();
                } else {
                    // The handle has moved in the meantime.
                    execute(action, ifRejected);
                }
            });
        } catch (RejectedExecutionException e) {
            ifRejected.accept(e);
        }
    }
}
