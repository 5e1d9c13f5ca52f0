package io.nbd4j.client.internal.subprocess;

import io.nbd4j.client.internal.logging.Loggers;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.slf4j.Logger;

/**
 * The one thread of this JVM that starts children. It never ends: a child may have asked the kernel to be killed when
 * its parent dies (nbdkit does), and for the kernel the parent is the <em>thread</em> that started it. It is a daemon,
 * so it does not keep the JVM alive.
 */
public final class SpawnThread implements Executor {
    private static final Logger LOG = Loggers.SUBPROCESS;
    private static final SpawnThread INSTANCE = new SpawnThread();

    private final BlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();

    private SpawnThread() {
        Thread thread = new Thread(null, this::runForever, "nbd4j-spawn", 0, false);
        thread.setDaemon(true);
        // The class loader of whoever happens to come first must not be kept alive by this thread.
        thread.setContextClassLoader(null);
        thread.start();
    }

    /** Returns the only one. */
    public static SpawnThread get() {
        return INSTANCE;
    }

    /**
     * Runs {@code task} on the spawn thread, after those submitted before it.
     *
     * @param unclaimed takes the result if the future was completed or cancelled by someone else in the meantime, so
     *     that a child started for nobody is ended
     * @return completes on the spawn thread with what the task returned or threw. What depends on it must hop to a
     *     thread of its own before it does anything that takes time
     */
    public <T> CompletableFuture<T> submit(Callable<T> task, Consumer<? super T> unclaimed) {
        CompletableFuture<T> future = new CompletableFuture<>();
        execute(() -> {
            if (!future.isDone()) {
                run(task, future, unclaimed);
            }
        });
        return future;
    }

    /** Runs {@code task} on the spawn thread, after those submitted before it. What it throws is logged. */
    @Override
    public void execute(Runnable task) {
        tasks.add(task);
    }

    private static <T> void run(Callable<T> task, CompletableFuture<T> future, Consumer<? super T> unclaimed) {
        T result;
        try {
            result = task.call();
        } catch (Throwable t) {
            future.completeExceptionally(t);
            return;
        }
        if (!future.complete(result)) {
            unclaimed.accept(result);
        }
    }

    private void runForever() {
        while (true) {
            try {
                tasks.take().run();
            } catch (Throwable t) {
                // Ending here would end every child, whatever was thrown, an interrupt or an Error included.
                logQuietly(t);
            }
        }
    }

    private static void logQuietly(Throwable thrown) {
        try {
            LOG.error("The spawn thread goes on after a task threw", thrown);
        } catch (Throwable t) {
            // Nothing is left to tell it to: out of memory, or a broken logging back end.
            t.addSuppressed(thrown);
        }
    }
}
