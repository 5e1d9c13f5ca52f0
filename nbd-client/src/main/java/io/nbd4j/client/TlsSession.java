package io.nbd4j.client;

import java.util.Objects;

/**
 * What the two sides of a connection agreed on when TLS came up.
 *
 * @param engine who does the client's cryptography: {@code jdk}, which also stands for another provider of the JDK's interface
 *     in a context of the caller's own; {@code openssl}, or BoringSSL, through netty-tcnative; {@code bouncycastle} where a
 *     pre-shared key is used
 * @param protocol the version, {@code TLSv1.3} or {@code TLSv1.2}
 * @param cipherSuite its name in the standard, such as {@code TLS_AES_128_GCM_SHA256}
 */
public record TlsSession(String engine, String protocol, String cipherSuite) {
    /** Refuses null. */
    public TlsSession {
        Objects.requireNonNull(engine);
        Objects.requireNonNull(protocol);
        Objects.requireNonNull(cipherSuite);
    }
}
