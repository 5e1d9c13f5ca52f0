package io.nbd4j.client;

import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.NbdError;
import org.jspecify.annotations.Nullable;

/**
 * TLS is required and can't be had, or went wrong: the server has no TLS, its certificate is not trusted or has another name,
 * it does not accept the client's, or the encrypted stream is broken.
 */
public final class NbdTlsException extends NbdException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param fate NOT_SENT unless it hit a command that was sent
     * @param errno ENOTSUP if the server has no TLS, otherwise null
     * @param serverMessage printable already; may be empty
     * @param cause such as an {@link javax.net.ssl.SSLException}; may be null
     */
    public NbdTlsException(
            String what,
            RequestFate fate,
            @Nullable NbdError errno,
            @Nullable CommandType command,
            @Nullable NbdRange range,
            @Nullable String serverMessage,
            @Nullable Throwable cause) {
        super(new Details(what, fate).errno(errno).about(command, range).serverMessage(serverMessage), cause);
    }

    /** Keeps no stack trace: one end of a connection makes many of these, and where they are made tells nothing. */
    @Override
    @SuppressWarnings("UnsynchronizedOverridesSynchronized") // there is nothing to guard
    public Throwable fillInStackTrace() {
        return this;
    }
}
