package io.nbd4j.codec.handshake;

/**
 * The greeting of a server that negotiates, fixed newstyle or not.
 *
 * @param handshakeFlags what the server offers
 */
public record NewstyleGreeting(HandshakeFlags handshakeFlags) implements Greeting {
    @Override
    public Kind kind() {
        return Kind.NEWSTYLE;
    }
}
