package io.nbd4j.client;

import io.nbd4j.codec.CommandType;
import org.jspecify.annotations.Nullable;

/** The connection ended while something was still owed, or before it was asked for. */
public final class ConnectionLostException extends NbdException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param fate NOT_SENT if no byte of the request was sent, otherwise UNKNOWN
     * @param cause the first cause of the end, shared by all requests that it hit
     */
    public ConnectionLostException(
            String what,
            RequestFate fate,
            @Nullable CommandType command,
            @Nullable NbdRange range,
            @Nullable Throwable cause) {
        super(new Details(what, fate).about(command, range), cause);
    }

    /** Keeps no stack trace: one end of a connection makes many of these, and where they are made tells nothing. */
    @Override
    @SuppressWarnings("UnsynchronizedOverridesSynchronized") // there is nothing to guard
    public Throwable fillInStackTrace() {
        return this;
    }
}
