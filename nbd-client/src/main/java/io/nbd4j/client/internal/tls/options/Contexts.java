package io.nbd4j.client.internal.tls.options;

import io.nbd4j.client.TlsCredentials;
import io.nbd4j.client.TlsProvider;
import io.nbd4j.client.TlsVerification;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;

/** Makes a context of certificates in files. */
final class Contexts {
    private Contexts() {}

    /** Returns a context that the caller releases, if there is anything to release. */
    static SslContext of(TlsCredentials.PemFiles files, TlsVerification verification, TlsProvider provider)
            throws IOException, GeneralSecurityException {
        SslContextBuilder builder =
                SslContextBuilder.forClient().sslProvider(chosen(provider)).protocols("TLSv1.3", "TLSv1.2");
        Path trusted = files.trustedCertificates();
        Path revoked = files.revocationLists();
        // Also where nothing is verified: a file that is no good is a mistake.
        if (trusted != null) {
            builder.trustManager(Authorities.read(trusted, revoked));
        }
        if (verification == TlsVerification.NONE) {
            builder.trustManager(InsecureTrustManagerFactory.INSTANCE);
        }
        Path chain = files.certificateChain();
        Path key = files.privateKey();
        if (chain != null && key != null) {
            try (InputStream certificates = Files.newInputStream(chain);
                    InputStream secret = Files.newInputStream(key)) {
                builder.keyManager(certificates, secret);
            }
        }
        return builder.build();
    }

    private static SslProvider chosen(TlsProvider provider) {
        return switch (provider) {
            case AUTO -> OpenSsl.isAvailable() ? SslProvider.OPENSSL_REFCNT : SslProvider.JDK;
            case JDK -> SslProvider.JDK;
            case OPENSSL -> {
                if (!OpenSsl.isAvailable()) {
                    throw new IllegalStateException(
                            "OpenSSL needs netty-tcnative on the class path, and the library in it for this platform",
                            OpenSsl.unavailabilityCause());
                }
                yield SslProvider.OPENSSL_REFCNT;
            }
        };
    }
}
