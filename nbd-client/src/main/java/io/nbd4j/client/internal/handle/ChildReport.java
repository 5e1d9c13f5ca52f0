package io.nbd4j.client.internal.handle;

import io.nbd4j.client.ExitStatus;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Waits a moment for what a child process leaves behind, so that the error about its end is complete. */
final class ChildReport {
    /** Long enough for the kernel and the reaper of a process that has ended; short enough for one that has not. */
    private static final long WAIT_MILLIS = 500;

    private ChildReport() {}

    /**
     * Calls {@code then} on the event loop, or after it, when the child has ended and its standard error is read to the
     * end, or after a moment; at once if there is no child.
     *
     * @param then is given how the child ended, null if it runs or there is none
     */
    static void await(EventLoop loop, @Nullable DefaultSubprocess subprocess, Consumer<@Nullable ExitStatus> then) {
        if (subprocess == null) {
            then.accept(null);
            return;
        }
        CompletableFuture<ExitStatus> exit = subprocess.child().onExit();
        if (loop.isShuttingDown()) {
            // There is no time to wait: it takes a timer, but the timer would never run.
            then.accept(exit.getNow(null));
            return;
        }
        CompletableFuture<Void> all =
                CompletableFuture.allOf(exit, subprocess.child().onStderrEnd());
        CompletableFuture<@Nullable Void> enough = new CompletableFuture<>();
        try {
            ScheduledFuture<?> timer = loop.schedule(() -> {}, WAIT_MILLIS, TimeUnit.MILLISECONDS);
            // It has run, or the event loop, which is shutting down, has cancelled it.
            timer.addListener(done -> enough.complete(null));
            all.thenRun(() -> timer.cancel(false));
        } catch (RejectedExecutionException e) {
            // It was shut down in the meantime.
            then.accept(exit.getNow(null));
            return;
        }
        CompletableFuture.anyOf(all, enough)
                .thenRun(() -> new LoopAndAfter(loop).execute(() -> then.accept(exit.getNow(null))));
    }
}
