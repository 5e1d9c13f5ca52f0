package io.nbd4j.client;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The one place that knows which parameter of a URI is which option of TLS. */
final class UriTls {
    private UriTls() {}

    /** Returns options in which what the URI says takes the place of what {@code base} says about the same. */
    static TlsOptions apply(NbdUri.Tls said, @Nullable String username, TlsOptions base) {
        if (said.type() == NbdUri.TlsType.ANON) {
            throw new IllegalArgumentException("tls-type=anon authenticates nobody");
        }
        if (said.certificates() != null && said.pskFile() != null) {
            throw new IllegalArgumentException("tls-certificates and tls-psk-file exclude each other");
        }
        TlsOptions options = base;
        if (said.certificates() != null) {
            options = options.withCertificateDirectory(Path.of(said.certificates()));
        }
        if (said.pskFile() != null) {
            options = options.withPskFile(Path.of(said.pskFile()));
        }
        if (username != null) {
            options = options.withUsername(username);
        }
        if (said.hostname() != null) {
            options = options.withHostname(said.hostname());
        }
        if (said.verifyPeer() != null) {
            options =
                    options.withVerification(said.verifyPeer() ? TlsVerification.CHAIN_AND_NAME : TlsVerification.NONE);
        }
        if (said.type() == NbdUri.TlsType.PSK && !hasPsk(options)) {
            throw new IllegalArgumentException(
                    "tls-type=psk needs a pre-shared key: tls-psk-file, or one of the client's");
        }
        if (said.type() == NbdUri.TlsType.X509 && hasPsk(options)) {
            throw new IllegalArgumentException("tls-type=x509 and a pre-shared key exclude each other");
        }
        return options;
    }

    private static boolean hasPsk(TlsOptions options) {
        return options.credentials() instanceof TlsCredentials.PskFile
                || options.credentials() instanceof TlsCredentials.PskKey;
    }

    /** Returns what a URI can say of the options, if TLS is in use. */
    static NbdUri.Tls parametersOf(TlsOptions options, boolean tls) {
        if (!tls) {
            return new NbdUri.Tls(false, null, null, null, null, null);
        }
        TlsCredentials credentials = options.credentials();
        return new NbdUri.Tls(
                true,
                null,
                options.hostname(),
                options.verification() == TlsVerification.NONE ? Boolean.FALSE : null,
                credentials instanceof TlsCredentials.Directory in
                        ? in.directory().toString()
                        : null,
                credentials instanceof TlsCredentials.PskFile in ? in.file().toString() : null);
    }
}
