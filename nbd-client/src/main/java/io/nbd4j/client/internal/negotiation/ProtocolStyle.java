package io.nbd4j.client.internal.negotiation;

/** How much of the handshake a server speaks. */
public enum ProtocolStyle {
    /** One export, nothing is negotiated. */
    OLDSTYLE,
    /** Only EXPORT_NAME: the server hangs up on anything that it does not like. */
    NEWSTYLE,
    /** All options: the server answers those that it does not know. */
    NEWSTYLE_FIXED
}
