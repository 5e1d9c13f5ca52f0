package io.nbd4j.client.internal.tls;

import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Finds the error of TLS in what a channel reports. */
public final class TlsErrors {
    private static final int MAX_DEPTH = 8;

    private TlsErrors() {}

    /** Returns the error of TLS that {@code failure} is or wraps, null if it is of another kind. */
    public static @Nullable SSLException find(@Nullable Throwable failure) {
        Throwable at = failure;
        for (int depth = 0; at != null && depth < MAX_DEPTH; depth++) {
            if (at instanceof SSLException found) {
                return found;
            }
            at = at.getCause();
        }
        return null;
    }
}
