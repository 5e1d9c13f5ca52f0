package io.nbd4j.client.internal.subprocess;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A command that can't be started, known before anything was started. The message is a sentence for the user. */
public final class CommandLookupException extends IOException {
    private static final long serialVersionUID = 1L;

    /** What is wrong. */
    public enum Reason {
        /** No such file, or none of that name on the PATH. */
        COMMAND_NOT_FOUND("command not found"),
        /** The file exists and may not be executed. */
        NOT_EXECUTABLE("not executable"),
        /** The command names a directory. */
        IS_A_DIRECTORY("is a directory"),
        /** The working directory does not exist. */
        NO_SUCH_DIRECTORY("no such working directory"),
        /** The working directory is something else. */
        NOT_A_DIRECTORY("not a directory"),
        /** An argument or a variable that no process can be given, such as one with a NUL character. */
        INVALID_TEXT("cannot be handed to a process");

        private final String words;

        Reason(String words) {
            this.words = words;
        }
    }

    private final Reason reason;

    CommandLookupException(Reason reason, String subject, @Nullable Throwable cause) {
        super(reason.words + ": " + subject, cause);
        this.reason = reason;
    }

    /** Returns what is wrong. */
    public Reason reason() {
        return reason;
    }
}
