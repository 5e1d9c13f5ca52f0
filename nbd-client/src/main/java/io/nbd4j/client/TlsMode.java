package io.nbd4j.client;

/** Whether a connection uses TLS ({@code NBD_OPT_STARTTLS}). */
public enum TlsMode {
    /** It does not. A server that requires TLS is refused. */
    DISABLE,
    /**
     * It does if the server offers TLS, and goes on in clear text if it does not: whoever is between the two can see to it that
     * it does not. A TLS handshake that was begun and fails ends the connection all the same.
     */
    ALLOW,
    /** It does, or it fails. Before TLS is up the server learns nothing, not even the name of the export. */
    REQUIRE
}
