package io.nbd4j.client;

/** What is verified of the certificate that a server shows. */
public enum TlsVerification {
    /**
     * The chain of signatures up to a trusted authority, the dates, and the name. Where no name is known, which is so over
     * anything but TCP, {@link TlsOptions#withHostname} has to give one, or the connect fails before anything is started.
     */
    CHAIN_AND_NAME,
    /**
     * The chain and the dates, not the name: every server that the authority has issued a certificate to will do. Where the
     * authorities are those of the JDK, that is every web server of the world.
     */
    CHAIN,
    /** Nothing: whoever is between the two may be the server. The connection is encrypted, and no more. */
    NONE
}
