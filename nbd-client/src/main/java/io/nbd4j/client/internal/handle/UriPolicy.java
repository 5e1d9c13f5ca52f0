package io.nbd4j.client.internal.handle;

import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdUri;
import io.nbd4j.client.TlsMode;
import io.nbd4j.codec.NbdError;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which URIs a client connects to: they may come from elsewhere.
 *
 * @param tls DISABLE: none that requires TLS; REQUIRE: only those that do; ALLOW: all
 * @param localFiles whether a URI may name files to be read
 */
public record UriPolicy(Set<NbdUri.Transport> transports, TlsMode tls, boolean localFiles) {
    /** All transports, with and without TLS, and no files: as in libnbd. */
    public static final UriPolicy DEFAULT = new UriPolicy(EnumSet.allOf(NbdUri.Transport.class), TlsMode.ALLOW, false);

    /** Copies the set. */
    public UriPolicy {
        transports = Set.copyOf(transports);
        Objects.requireNonNull(tls);
    }

    /** Returns a copy with other transports. */
    public UriPolicy withTransports(Set<NbdUri.Transport> allowed) {
        return new UriPolicy(allowed, tls, localFiles);
    }

    /** Returns a copy with another rule for TLS. */
    public UriPolicy withTls(TlsMode allowed) {
        return new UriPolicy(transports, allowed, localFiles);
    }

    /** Returns a copy with another rule for files. */
    public UriPolicy withLocalFiles(boolean allowed) {
        return new UriPolicy(transports, tls, allowed);
    }

    /** Returns why the URI is not let through, null if it is. */
    @Nullable
    InvalidRequestException problemOf(NbdUri uri) {
        if (!transports.contains(uri.transport())) {
            return refused("its transport: " + uri.scheme());
        }
        if (tls == TlsMode.DISABLE && uri.isTlsRequired()) {
            return refused("that it requires TLS: " + uri.scheme());
        }
        if (tls == TlsMode.REQUIRE && !uri.isTlsRequired()) {
            return refused("that it does not require TLS: " + uri.scheme());
        }
        if (!localFiles && uri.namesLocalFile()) {
            return refused("that it names a local file: "
                    + (uri.tlsCertificates() != null ? "tls-certificates" : "tls-psk-file"));
        }
        return null;
    }

    private static InvalidRequestException refused(String why) {
        return new InvalidRequestException(
                "the NBD URI is refused by a filter of this client, for " + why, NbdError.EPERM, null, null);
    }
}
