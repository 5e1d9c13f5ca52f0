package io.nbd4j.testkit;

/** How a server begins a connection. */
public enum HandshakeStyle {
    /** The server names the size of its one export; nothing is negotiated. Given up by the specification, still met. */
    OLDSTYLE,
    /** The client names an export; no other option is understood, and none can be refused. */
    NEWSTYLE,
    /** Options are haggled over, each gets an answer. What servers do today. */
    FIXED_NEWSTYLE
}
