package io.nbd4j.client.internal.handle;

import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.RequestFate;
import io.nbd4j.codec.CommandType;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A flush of several connections: it waits for the writes before it, wherever they are, is then sent, and ends when all its
 * answers have come. Confined to the home loop.
 */
final class MultiFlush {
    private final HomeLoop home;
    private final Supplier<List<? extends CompletableFuture<?>>> send;
    private final HandleFuture<@Nullable Void> future;
    private final CompletableFuture<@Nullable Void> sentOrOver = new CompletableFuture<>();

    private int before;
    private List<? extends CompletableFuture<?>> parts = List.of();
    private int unanswered;
    private boolean over;
    private @Nullable Throwable failure;
    private @Nullable Runnable givenUp;

    /**
     * Creates a flush.
     *
     * @param isOnEventLoop whether the calling thread is an event loop of any of the connections
     * @param send sends it, on one connection or on several, and returns the parts
     */
    MultiFlush(
            DefaultNbdClient first,
            BooleanSupplier isOnEventLoop,
            Supplier<List<? extends CompletableFuture<?>>> send) {
        this.home = first.home();
        this.send = send;
        this.future = first.newFuture(this::giveUp, isOnEventLoop);
    }

    HandleFuture<@Nullable Void> future() {
        return future;
    }

    /** Completes on the home loop once the flush is sent, or never will be. */
    CompletableFuture<@Nullable Void> sentOrOver() {
        return sentOrOver;
    }

    /** Waits for {@code writes}, then sends. Any thread, once. */
    void startAfter(List<? extends CompletableFuture<?>> writes) {
        home.execute(() -> {
            before = writes.size();
            if (before == 0) {
                sendNow();
            }
            for (CompletableFuture<?> write : writes) {
                write.whenComplete((value, problem) -> home.execute(this::oneAnswered));
            }
        });
    }

    private void oneAnswered() {
        if (--before == 0) {
            sendNow();
        }
    }

    private void sendNow() {
        if (over) {
            return;
        }
        parts = send.get();
        sentOrOver.complete(null);
        unanswered = parts.size();
        for (CompletableFuture<?> part : parts) {
            part.whenComplete((value, problem) -> home.execute(() -> answered(problem)));
        }
    }

    private void answered(@Nullable Throwable problem) {
        if (failure == null && problem != null) {
            failure = problem instanceof CompletionException ? problem.getCause() : problem;
        }
        if (--unanswered > 0 || over) {
            return;
        }
        over = true;
        Runnable ending = givenUp;
        if (ending != null) {
            ending.run();
        } else if (failure != null) {
            future.failed(failure);
        } else {
            future.done(null);
        }
    }

    /** The device is closed, and the writes before are not answered in time. On the home loop. */
    void abandon() {
        if (!over && parts.isEmpty()) {
            over = true;
            future.failed(new ConnectionLostException(
                    "the device was closed, and the writes before were not answered in time",
                    RequestFate.NOT_SENT,
                    CommandType.FLUSH,
                    null,
                    null));
            sentOrOver.complete(null);
        }
    }

    private void giveUp(Runnable ending) {
        if (over) {
            return;
        }
        if (parts.isEmpty()) {
            over = true;
            ending.run();
            sentOrOver.complete(null);
        } else if (givenUp == null) {
            givenUp = ending;
            parts.forEach(part -> part.cancel(false));
        }
    }
}
