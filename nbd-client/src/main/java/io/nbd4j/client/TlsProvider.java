package io.nbd4j.client;

/** Who does the cryptography of TLS with certificates. */
public enum TlsProvider {
    /** {@link #OPENSSL} where it is to be had, otherwise {@link #JDK}. */
    AUTO,
    /** The JDK. */
    JDK,
    /**
     * OpenSSL or BoringSSL through netty-tcnative, which takes less processor time per byte. It has to be on the class path,
     * in the version that the Netty in use names; if it is not, or does not load, the connect fails.
     */
    OPENSSL
}
