package io.nbd4j.client.internal.tls;

import java.security.GeneralSecurityException;
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

    /**
     * Returns what TLS itself says, which is wrapped by those who pass it on; null if nobody says anything. OpenSSL's engine only
     * says that there is a problem, and keeps in its cause which one. What the server has put into its certificate may be in it.
     */
    public static @Nullable String reason(@Nullable Throwable failure) {
        SSLException found = find(failure);
        Throwable said = found == null ? failure : found;
        if (said == null) {
            return null;
        }
        String what = said.getMessage();
        Throwable at = said.getCause();
        for (int depth = 0; at != null && depth < MAX_DEPTH; depth++) {
            String why = at.getMessage();
            if (at instanceof GeneralSecurityException && why != null && (what == null || !what.contains(why))) {
                return what == null ? why : what + ": " + why;
            }
            at = at.getCause();
        }
        return what;
    }
}
