package io.nbd4j.tools;

import io.nbd4j.client.NbdException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ParameterException;

/** Makes one line out of a failure. */
public final class ErrorLine {
    private ErrorLine() {}

    /** Returns what went wrong, in one line. A failure that no user can be blamed for is named with its class. */
    public static String of(Throwable failure) {
        Throwable cause = unwrap(failure);
        String message = cause.getMessage();
        if (message != null
                && (cause instanceof NbdException
                        || cause instanceof ToolException
                        || cause instanceof ParameterException)) {
            return flatten(message);
        }
        return flatten("unexpected " + cause);
    }

    /** Returns what a future failed with, without the wrapping of the futures that pass it on. */
    public static Throwable unwrap(Throwable failure) {
        Throwable outer = failure;
        @Nullable Throwable inner = outer.getCause();
        while (inner != null && (outer instanceof CompletionException || outer instanceof ExecutionException)) {
            outer = inner;
            inner = outer.getCause();
        }
        return outer;
    }

    /** Returns {@code text} in one line: line breaks become semicolons, other control characters spaces. */
    static String flatten(String text) {
        return text.strip().replaceAll("\\s*\\R+\\s*", "; ").replaceAll("\\p{Cntrl}", " ");
    }
}
