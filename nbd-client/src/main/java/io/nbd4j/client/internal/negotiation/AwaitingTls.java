package io.nbd4j.client.internal.negotiation;

import org.jspecify.annotations.Nullable;

/**
 * The server has agreed to TLS, and the two are at it. There is no way back to clear text.
 *
 * @param forUser whether a user in option mode has asked for it, and not the handshake itself
 */
record AwaitingTls(Agreement agreement, boolean forUser) implements NegotiationPhase {
    @Override
    public String waitingFor() {
        return "the end of the TLS handshake";
    }

    @Override
    public Step onTlsUp() {
        Agreement anew = agreement.withTls();
        return forUser ? Step.answer(anew, true) : OptionOrder.underTls(anew);
    }

    @Override
    public Step onTlsFailed(@Nullable Throwable cause) {
        return Step.fail(new NegotiationFailure.TlsFailed("the TLS handshake failed", cause));
    }

    @Override
    public Step onChannelClosed(@Nullable Throwable cause) {
        return Step.fail(
                new NegotiationFailure.TlsFailed("the TLS handshake failed: the server closed the connection", cause));
    }
}
