package io.nbd4j.client;

import org.jspecify.annotations.Nullable;

/** No connection to the server came about: refused, unreachable, no such socket, no such host. */
public final class ConnectFailedException extends NbdException {
    private static final long serialVersionUID = 1L;

    /** Creates the exception. {@code what} names the server, {@code cause} says why. */
    public ConnectFailedException(String what, @Nullable Throwable cause) {
        super(new Details(what, RequestFate.NOT_SENT), cause);
    }
}
