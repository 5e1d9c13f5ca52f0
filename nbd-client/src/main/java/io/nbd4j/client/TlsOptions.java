package io.nbd4j.client;

import io.netty.handler.ssl.SslContext;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How TLS is done where {@link TlsMode} asks for it: TLS 1.3 or 1.2, with the server's certificate verified.
 *
 * <p>Immutable: each {@code with…} method returns a copy. Files are in PEM format. They are read at each connect, off the event
 * loops; one that can't be read fails the connect with an {@link NbdTlsException}.
 *
 * @param context the caller's own, which replaces the three files; null for one that is made of them. It must be a client's
 * @param trustedCertificates the authorities that may have signed the server's certificate; null for those of the JDK
 * @param certificateChain the client's own certificate, with those that lead to its authority; null for none
 * @param privateKey its key, in PKCS #8 format, not encrypted; null for none
 * @param hostname the name that the server's certificate must have, and that the server is told (SNI); null for the host of a
 *     TCP target
 * @param verifyHostname whether the certificate must have that name. Over a Unix socket or to a child process there is no
 *     host: then, unless {@code hostname} is given, any name will do, and only the chain of signatures is verified
 */
public record TlsOptions(
        @Nullable SslContext context,
        @Nullable Path trustedCertificates,
        @Nullable Path certificateChain,
        @Nullable Path privateKey,
        @Nullable String hostname,
        boolean verifyHostname) {
    private static final TlsOptions DEFAULTS = new TlsOptions(null, null, null, null, null, true);

    /**
     * Checks that a certificate comes with its key.
     *
     * @throws IllegalArgumentException if it does not, or if both a context and what would be in it are given
     */
    public TlsOptions {
        if ((certificateChain == null) != (privateKey == null)) {
            throw new IllegalArgumentException("a certificate and its key come together");
        }
        if (context != null && (trustedCertificates != null || certificateChain != null)) {
            throw new IllegalArgumentException("the certificates are those of the context that was given");
        }
        if (context != null && context.isServer()) {
            throw new IllegalArgumentException("an SslContext for servers");
        }
    }

    /** Returns the options that trust what the JDK trusts, and verify the host's name. */
    public static TlsOptions defaults() {
        return DEFAULTS;
    }

    /** Returns a copy that uses the caller's own context, which may come from another provider. */
    public TlsOptions withContext(SslContext own) {
        return new TlsOptions(Objects.requireNonNull(own), null, null, null, hostname, verifyHostname);
    }

    /** Returns a copy that trusts the authorities in a PEM file, and no others. */
    public TlsOptions withTrustedCertificates(Path pem) {
        return new TlsOptions(
                null, Objects.requireNonNull(pem), certificateChain, privateKey, hostname, verifyHostname);
    }

    /** Returns a copy that shows a certificate to a server that asks for one. */
    public TlsOptions withCertificate(Path chain, Path key) {
        return new TlsOptions(
                null,
                trustedCertificates,
                Objects.requireNonNull(chain),
                Objects.requireNonNull(key),
                hostname,
                verifyHostname);
    }

    /** Returns a copy that expects the server's certificate to have this name. */
    public TlsOptions withHostname(String name) {
        return new TlsOptions(
                context,
                trustedCertificates,
                certificateChain,
                privateKey,
                Objects.requireNonNull(name),
                verifyHostname);
    }

    /** Returns a copy that verifies the name in the server's certificate, or does not: then any server of the authority will do. */
    public TlsOptions withHostnameVerification(boolean verified) {
        return new TlsOptions(context, trustedCertificates, certificateChain, privateKey, hostname, verified);
    }
}
