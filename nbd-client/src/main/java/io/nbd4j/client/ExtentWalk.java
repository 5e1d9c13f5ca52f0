package io.nbd4j.client;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * A walk over the extents of one meta context, from the start of a range to its end: see {@link NbdDevice#extents}.
 *
 * <p>It asks the server for the rest where an answer was short, and joins neighbours of the same status, within an answer and
 * from one answer to the next. It asks for more only when its user does, so what it holds is bounded by one answer, which has
 * at most 2^20 extents.
 *
 * <pre>{@code
 * for (List<Extent> some = walk.next().join(); !some.isEmpty(); some = walk.next().join()) {
 *     some.forEach(this::use);                     // blocking
 * }
 * walk.forEach(this::use).thenRun(this::finished); // or not
 * }</pre>
 *
 * <p>Any thread, one call at a time: a call that comes before the future of the one before is done fails with an
 * {@link InvalidRequestException}.
 */
public interface ExtentWalk {
    /**
     * Returns the next extents.
     *
     * <p>Fails as {@link NbdDevice#blockStatus} does, and with an {@link InvalidRequestException} if the context is not among
     * those that the server has selected. A server that does not get on fails it with an {@link NbdProtocolException}. After a
     * failure, and after a cancel, the walk is where it was, and may be tried again.
     *
     * @return completes with at least one extent, each behind the one before; with none at the end, and ever after
     */
    NbdFuture<List<Extent>> next();

    /**
     * Walks to the end.
     *
     * @param action called with each extent, in order, on the thread that completes futures. It must not block. What it throws
     *     ends the walk
     * @return completes at the end, or with the first failure, which is never wrapped. To give it up, have {@code action}
     *     throw
     */
    default CompletableFuture<Void> forEach(Consumer<? super Extent> action) {
        CompletableFuture<Void> end = new CompletableFuture<>();
        forEach(action, end);
        return end;
    }

    private void forEach(Consumer<? super Extent> action, CompletableFuture<Void> end) {
        next().whenComplete((extents, failure) -> {
            if (failure != null) {
                end.completeExceptionally(failure);
            } else if (extents.isEmpty()) {
                end.complete(null);
            } else {
                try {
                    extents.forEach(action);
                } catch (RuntimeException | Error e) {
                    end.completeExceptionally(e);
                    return;
                }
                forEach(action, end);
            }
        });
    }
}
