package io.nbd4j.client.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Waits for futures. The bound only ends what hangs. */
public final class Outcomes {
    private static final long SECONDS = 30;

    private Outcomes() {}

    /** Returns what the future completes with. */
    public static <T extends @Nullable Object> T await(CompletableFuture<T> future) {
        try {
            return future.get(SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError("it failed", e.getCause());
        } catch (TimeoutException e) {
            throw new AssertionError("it does not end: " + future, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    /** Returns what the future fails with, which is a {@code type}. */
    public static <E extends Throwable> E failureOf(CompletableFuture<?> future, Class<E> type) {
        Throwable failure = await(future.handle((value, problem) -> problem));
        assertThat(failure).isInstanceOf(type);
        return type.cast(failure);
    }
}
