package io.nbd4j.tools;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ctrl-C, as a future. The JVM holds its exit back until what was done so far is reported, and then exits with 130 by
 * itself (143 after SIGTERM).
 *
 * <p>The terminal sends SIGINT to every process of the foreground job, the server included. So what fails after an
 * interrupt, or a moment before it is noticed, is no error.
 */
public final class Interrupt implements AutoCloseable {
    /** The exit status after Ctrl-C. */
    public static final int EXIT_STATUS = 130;

    private static final long REPORT_SECONDS = 10;
    private static final long NOTICE_MILLIS = 300;

    private final CompletableFuture<Void> raised = new CompletableFuture<>();
    private final CountDownLatch reported = new CountDownLatch(1);
    private final Thread hook = new Thread(this::raise, "nbd-interrupt");

    private Interrupt() {}

    /** Starts to listen. What is returned is raised already if the JVM is about to exit. */
    public static Interrupt install() {
        Interrupt interrupt = new Interrupt();
        try {
            Runtime.getRuntime().addShutdownHook(interrupt.hook);
        } catch (IllegalStateException e) {
            // The JVM exits already.
            interrupt.raised.complete(null);
        }
        return interrupt;
    }

    private void raise() {
        raised.complete(null);
        try {
            reported.await(REPORT_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Returns a future that completes at the interrupt, on a thread of its own. */
    public CompletableFuture<Void> raised() {
        return raised;
    }

    /** Returns whether there was an interrupt. */
    public boolean isRaised() {
        return raised.isDone();
    }

    /**
     * Returns whether there was an interrupt, or comes one in a moment: a server can die of the signal before the JVM has
     * noticed its own.
     */
    public boolean isRaisedOrAboutToBe() {
        raised.copy()
                .completeOnTimeout(null, NOTICE_MILLIS, TimeUnit.MILLISECONDS)
                .join();
        return isRaised();
    }

    /** Stops to listen, or lets the exit that is under way go on. */
    @Override
    public void close() {
        reported.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The JVM exits already, which is what the hook waited for.
            raised.complete(null);
        }
    }
}
