package io.nbd4j.testkit;

import io.nbd4j.codec.NbdError;
import java.io.IOException;

/** An {@link Export} could not do what it was asked. The connection goes on; the client gets the error. */
public final class ExportException extends IOException {
    private static final long serialVersionUID = 1L;

    private final NbdError error;

    /**
     * Creates the exception.
     *
     * @param message is sent to clients that can receive it
     */
    public ExportException(NbdError error, String message) {
        super(message);
        this.error = error;
    }

    /** Returns the error value that the client gets. */
    public NbdError error() {
        return error;
    }
}
