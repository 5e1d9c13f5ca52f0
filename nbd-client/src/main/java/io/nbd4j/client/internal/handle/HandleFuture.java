package io.nbd4j.client.internal.handle;

import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.internal.connection.Completions;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The outcome of an operation on the handle as a whole: connecting, an option, closing. */
final class HandleFuture<T extends @Nullable Object> extends NbdFuture<T> {
    private final HandleLoop loop;
    private final @Nullable Executor executor;
    private final Consumer<Runnable> onGiveUp;
    private final BooleanSupplier isOnCompletingThread;

    /**
     * Creates a future.
     *
     * @param loop of the handle
     * @param onGiveUp called on the event loop when the user gives the operation up, see {@link NbdFuture#giveUp}; what it
     *     is given must run at most once
     */
    HandleFuture(HandleLoop loop, @Nullable Executor executor, Consumer<Runnable> onGiveUp) {
        this(loop, executor, onGiveUp, () -> loop.get().inEventLoop());
    }

    /**
     * Creates a future, as above, that needs other threads than that of the handle too.
     *
     * @param isOnCompletingThread whether the calling thread is one of them
     */
    HandleFuture(
            HandleLoop loop,
            @Nullable Executor executor,
            Consumer<Runnable> onGiveUp,
            BooleanSupplier isOnCompletingThread) {
        this.loop = loop;
        this.executor = executor;
        this.onGiveUp = onGiveUp;
        this.isOnCompletingThread = isOnCompletingThread;
    }

    /** Completes normally, where users want completions. On the event loop. */
    void done(@Nullable T value) {
        run(() -> succeed(value));
    }

    /** Completes exceptionally, where users want completions. On the event loop. */
    void failed(Throwable cause) {
        run(() -> fail(cause));
    }

    private void run(Runnable completion) {
        Completions.run(executor, completion);
    }

    @Override
    protected void giveUp(Runnable ending) {
        // If the event loop is gone, so is whatever was under way.
        loop.execute(() -> onGiveUp.accept(() -> run(ending)), gone -> run(ending));
    }

    @Override
    protected boolean isOnCompletingThread() {
        return isOnCompletingThread.getAsBoolean();
    }
}
