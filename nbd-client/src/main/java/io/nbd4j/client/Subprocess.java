package io.nbd4j.client;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** The server that was started as a child process. It can be asked about for ever, also after its end. */
public interface Subprocess {
    /** Returns the process id. */
    long pid();

    /** Returns the command and its arguments. */
    List<String> argv();

    /** Returns how its standard input and output are wired up; never AUTO. */
    SubprocessTransport transport();

    /** Returns a future that completes with the status of the process once it has ended and was reaped. */
    CompletableFuture<ExitStatus> onExit();

    /** Returns how the process ended, empty while it runs. */
    Optional<ExitStatus> exitStatus();

    /** Returns the last, up to 8 KiB, that came from its standard error; empty if that is not captured. */
    String stderrTail();

    /** Asks the process to end (SIGTERM). Does nothing once it has ended. The connection ends when the process does. */
    void terminate();
}
