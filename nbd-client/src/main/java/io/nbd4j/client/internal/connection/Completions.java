package io.nbd4j.client.internal.connection;

import io.nbd4j.client.internal.logging.Loggers;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/** Where futures complete. */
public final class Completions {
    private Completions() {}

    /**
     * Runs a completion on the executor of the user, or on this thread where there is none. An executor that was shut down,
     * or fails in another way, leaves no future hanging: then the completion runs on this thread, too.
     *
     * @param completion has no effect the second time, since an executor may have taken what it fails for
     */
    public static void run(@Nullable Executor executor, Runnable completion) {
        if (executor == null) {
            completion.run();
            return;
        }
        try {
            executor.execute(completion);
        } catch (RejectedExecutionException e) {
            completion.run();
        } catch (RuntimeException | Error e) {
            Loggers.HANDLE.warn("the completion executor does not work: {}", executor, e);
            completion.run();
        }
    }
}
