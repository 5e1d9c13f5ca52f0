package io.nbd4j.client;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The child process that should serve could not be started, or ended too early, or does not speak NBD. */
public final class SubprocessException extends NbdException {
    private static final long serialVersionUID = 1L;

    private final String[] argv;
    private final @Nullable ExitStatus exitStatus;
    private final String stderrTail;

    /**
     * Creates the exception.
     *
     * @param what a sentence that says it all, for the message
     * @param argv the command and its arguments
     * @param exitStatus null if the child was not started, or still ran
     * @param stderrTail the last that it wrote to its standard error, printable already; may be empty
     */
    public SubprocessException(
            String what,
            List<String> argv,
            @Nullable ExitStatus exitStatus,
            String stderrTail,
            @Nullable Throwable cause) {
        super(new Details(what, RequestFate.NOT_SENT), cause);
        this.argv = argv.toArray(String[]::new);
        this.exitStatus = exitStatus;
        this.stderrTail = stderrTail;
    }

    /** Returns the command and its arguments. */
    public List<String> argv() {
        return List.of(argv);
    }

    /** Returns how the child ended; null if it was not started, or still ran. */
    public @Nullable ExitStatus exitStatus() {
        return exitStatus;
    }

    /** Returns the last, up to 8 KiB, that the child wrote to its standard error; empty if it is not captured. */
    public String stderrTail() {
        return stderrTail;
    }
}
