package io.nbd4j.tools;

import org.jspecify.annotations.Nullable;

/** A command can't do what it was asked to do. The message is for the user of the command line, and one sentence. */
public final class ToolException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception. */
    public ToolException(String message) {
        this(message, null);
    }

    /** Creates the exception. The cause is shown with {@code --debug} only. */
    public ToolException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
