package io.nbd4j.codec.handshake;

/** The first message of a connection, sent by the server. */
public sealed interface Greeting permits OldstyleGreeting, NewstyleGreeting {
    /** Returns which of the two it is, for a switch without a default. */
    Kind kind();

    /** The styles of negotiation that a greeting opens. */
    enum Kind {
        /** {@link OldstyleGreeting}: nothing is negotiated. */
        OLDSTYLE,
        /** {@link NewstyleGreeting}: the client answers with its flags, then options follow. */
        NEWSTYLE
    }
}
