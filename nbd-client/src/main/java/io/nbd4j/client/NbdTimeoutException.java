package io.nbd4j.client;

import io.nbd4j.codec.CommandType;
import org.jspecify.annotations.Nullable;

/** An answer did not come in time. */
public final class NbdTimeoutException extends NbdException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception. {@code what} names what was waited for, and for how long. */
    public NbdTimeoutException(String what, RequestFate fate, @Nullable CommandType command, @Nullable NbdRange range) {
        super(new Details(what, fate).about(command, range), null);
    }

    /** Keeps no stack trace: one end of a connection makes many of these, and where they are made tells nothing. */
    @Override
    @SuppressWarnings("UnsynchronizedOverridesSynchronized") // there is nothing to guard
    public Throwable fillInStackTrace() {
        return this;
    }
}
