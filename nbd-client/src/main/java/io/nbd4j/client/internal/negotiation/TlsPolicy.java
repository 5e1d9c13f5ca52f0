package io.nbd4j.client.internal.negotiation;

/** What a handshake does about TLS. */
public enum TlsPolicy {
    /** Nothing. */
    DISABLE,
    /** Asks for it first, and goes on without if the server has none. */
    ALLOW,
    /** Asks for it first, and says nothing else before it is up. */
    REQUIRE
}
