package io.nbd4j.client;

import io.nbd4j.codec.CommandType;
import org.jspecify.annotations.Nullable;

/**
 * The server broke the protocol. If that leaves the rest of the stream in doubt, the connection is dead, and every request
 * in flight fails so; an answer that is only incomplete, or contradicts itself, fails its own request alone.
 */
public final class NbdProtocolException extends NbdException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception. */
    public NbdProtocolException(
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
