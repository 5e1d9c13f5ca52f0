package io.nbd4j.client;

import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The outcome of an asynchronous call: a {@link CompletableFuture} that only the library completes.
 *
 * <p>It completes on the event loop of its connection, or on the executor that the builder of the client names. A
 * completion may issue new commands; it must not block. {@link #join()} and {@link #get()} on that event loop throw
 * {@link IllegalStateException} instead of waiting for ever.
 *
 * <p>{@link #cancel}, {@link #complete}, {@link #completeExceptionally}, {@link #completeAsync}, {@link #orTimeout} and
 * {@link #completeOnTimeout} are <em>requests</em> to give the operation up: they take effect on the event loop, once it
 * is certain that nobody reads from or writes into the buffers of the operation any more. So {@link #isDone()} may still
 * be false when they return, and if the operation ends first, its own outcome stands. Their result says whether the
 * request could be made, which is so as long as the future is not done. {@link #orTimeout} (and any
 * {@link #completeExceptionally} with a {@link TimeoutException}) is stricter with a write whose bytes have not all left the
 * process when the time is over: it closes the connection rather than wait, see
 * {@link NbdClientBuilder#requestTimeout}.
 *
 * <p>Dependent stages are plain {@link CompletableFuture}s, which run where this future completes, with the two exceptions of
 * every {@code CompletableFuture}: a stage that is added to a complete future runs in the thread that adds it, and a thread
 * that waits for this future in {@link #get()} or {@link #join()} may run its stages when it wakes up. The {@code Async} methods
 * name an executor instead.
 *
 * <p>Each method that returns such a future documents what it completes with, and how it fails. Failures of the library
 * are {@link NbdException}s, as the cause of a {@link java.util.concurrent.CompletionException} from {@code join()} and
 * of an {@link ExecutionException} from {@code get()}.
 *
 * @param <T> the type of the value; {@link Void} for operations that only succeed or fail
 */
public abstract class NbdFuture<T extends @Nullable Object> extends CompletableFuture<T> {
    /** For the library only. */
    protected NbdFuture() {}

    /**
     * Asks for the operation to be given up. Called from any thread.
     *
     * @param ending completes this future in the way that the user asked for; to be called at most once, on the event
     *     loop, and only if the operation has no outcome of its own
     */
    protected abstract void giveUp(Runnable ending);

    /**
     * Asks for the operation to be given up since its time is over. As {@link #giveUp}, but rather ends the connection than
     * wait for it to let go of the operation.
     */
    protected void timeOut(Runnable ending) {
        giveUp(ending);
    }

    /** Returns whether the calling thread is the one that receives the outcome, so that waiting would never end. */
    protected abstract boolean isOnCompletingThread();

    /** Completes this future with a value. Returns false if it was complete already. */
    protected final boolean succeed(@Nullable T value) {
        return super.complete(value);
    }

    /** Completes this future exceptionally. Returns false if it was complete already. */
    protected final boolean fail(Throwable cause) {
        return super.completeExceptionally(cause);
    }

    @Override
    public boolean complete(T value) {
        return request(() -> super.complete(value));
    }

    @Override
    public boolean completeExceptionally(Throwable cause) {
        if (cause instanceof TimeoutException && !isDone()) {
            // What orTimeout comes down to.
            timeOut(() -> super.completeExceptionally(cause));
            return true;
        }
        return request(() -> super.completeExceptionally(cause));
    }

    /** Asks for the operation to be given up. {@code mayInterruptIfRunning} has no meaning here. */
    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
        return request(() -> super.completeExceptionally(new CancellationException())) || isCancelled();
    }

    private boolean request(Runnable ending) {
        if (isDone()) {
            return false;
        }
        giveUp(ending);
        return true;
    }

    /** Not supported: the outcome of an operation can't be rewritten. */
    @Override
    public void obtrudeValue(T value) {
        throw new UnsupportedOperationException("the outcome of an NBD operation can't be rewritten");
    }

    /** Not supported: the outcome of an operation can't be rewritten. */
    @Override
    public void obtrudeException(Throwable cause) {
        throw new UnsupportedOperationException("the outcome of an NBD operation can't be rewritten");
    }

    @Override
    public T join() {
        checkMayWait();
        return super.join();
    }

    @Override
    public T get() throws InterruptedException, ExecutionException {
        checkMayWait();
        return super.get();
    }

    @Override
    public T get(long timeout, TimeUnit unit) throws InterruptedException, ExecutionException, TimeoutException {
        checkMayWait();
        return super.get(timeout, unit);
    }

    private void checkMayWait() {
        if (!isDone() && isOnCompletingThread()) {
            throw new IllegalStateException("waiting on the event loop for what only the event loop can complete");
        }
    }

    /** Returns a plain future, for dependent stages. */
    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
        return new CompletableFuture<>();
    }

    /** {@inheritDoc} The supplier runs on {@link #defaultExecutor()}; its value is then asked for as in {@link #complete}. */
    @Override
    public CompletableFuture<T> completeAsync(Supplier<? extends T> supplier) {
        return completeAsync(supplier, defaultExecutor());
    }

    /** {@inheritDoc} The supplier runs on {@code executor}; its value is then asked for as in {@link #complete}. */
    @Override
    @SuppressWarnings("CatchThrowable") // as its superclass, whose own way around complete() must not be taken
    public CompletableFuture<T> completeAsync(Supplier<? extends T> supplier, Executor executor) {
        Objects.requireNonNull(supplier);
        executor.execute(() -> {
            if (isDone()) {
                return;
            }
            T value;
            try {
                value = supplier.get();
            } catch (Throwable e) {
                completeExceptionally(e);
                return;
            }
            complete(value);
        });
        return this;
    }
}
