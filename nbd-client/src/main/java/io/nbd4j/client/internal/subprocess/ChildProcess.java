package io.nbd4j.client.internal.subprocess;

import io.nbd4j.client.ExitStatus;
import java.util.concurrent.CompletableFuture;

/** A child process, whichever way it was started. Every method may be called from any thread and none blocks. */
public interface ChildProcess {
    /** Returns the process id. */
    long pid();

    /** Returns a future that completes once, never exceptionally, after the child ended and was reaped. */
    CompletableFuture<ExitStatus> onExit();

    /**
     * Returns a future that completes, never exceptionally, once no more can come from the child's standard error; at
     * once if it is not captured.
     */
    CompletableFuture<Void> onStderrEnd();

    /** Returns the last 8 KiB that came from the child's standard error, decoded leniently; empty if not captured. */
    String stderrTail();

    /** Asks the child to end (SIGTERM). Does nothing once it was reaped. */
    void terminate();

    /** Ends the child (SIGKILL). Does nothing once it was reaped. */
    void kill();

    /**
     * Returns whether the child sees the end of the connection at its standard input, so that it can be expected to end
     * by itself.
     */
    default boolean seesEndOfConnection() {
        return true;
    }

    /**
     * Removes what was made in the file system for the child. What ends in order has it removed by then; may be called
     * again.
     */
    default void removeFiles() {}
}
