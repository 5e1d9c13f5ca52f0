package io.nbd4j.testkit;

/** What a server does about TLS. */
public enum TlsMode {
    /** There is none ({@code NOTLS}). */
    OFF,
    /** A client may start it, and must for exports that are served under TLS only ({@code SELECTIVETLS}). */
    OPTIONAL,
    /** Nothing works before a client has started it ({@code FORCEDTLS}). */
    REQUIRED
}
