package io.nbd4j.client.internal.negotiation;

import io.nbd4j.codec.handshake.ClientFlags;

/**
 * What the user of a connection wants from the handshake.
 *
 * @param wish what he wants of the export; in option mode that may change
 * @param optionMode whether to pause before an export is chosen
 * @param requestStructuredReplies whether to ask for structured replies
 * @param requestExtendedHeaders whether to ask for extended headers first; without structured replies it has no effect
 * @param tls what to do about TLS
 * @param handshakeFlags the client flags that may be used if the server offers them
 */
public record NegotiationSettings(
        ExportWish wish,
        boolean optionMode,
        boolean requestStructuredReplies,
        boolean requestExtendedHeaders,
        TlsPolicy tls,
        int handshakeFlags) {
    /** All client flags there are. */
    public static final int ALL_HANDSHAKE_FLAGS = ClientFlags.FIXED_NEWSTYLE | ClientFlags.NO_ZEROES;

    /** What a connection uses that asks for structured replies, and nothing else in particular. */
    public static final NegotiationSettings DEFAULT =
            new NegotiationSettings(ExportWish.DEFAULT, false, true, false, TlsPolicy.DISABLE, ALL_HANDSHAKE_FLAGS);

    /**
     * Checks the names.
     *
     * @throws IllegalArgumentException if no option could carry them
     */
    public NegotiationSettings {
        wish.requireValid();
        handshakeFlags &= ALL_HANDSHAKE_FLAGS;
    }

    /** Returns the same settings with another wish. */
    public NegotiationSettings withWish(ExportWish another) {
        return new NegotiationSettings(
                another, optionMode, requestStructuredReplies, requestExtendedHeaders, tls, handshakeFlags);
    }

    /** Returns the same settings with or without the pause before an export is chosen. */
    public NegotiationSettings withOptionMode(boolean wanted) {
        return new NegotiationSettings(
                wish, wanted, requestStructuredReplies, requestExtendedHeaders, tls, handshakeFlags);
    }

    /** Returns the same settings with or without a request for structured replies. */
    public NegotiationSettings withStructuredReplies(boolean wanted) {
        return new NegotiationSettings(wish, optionMode, wanted, requestExtendedHeaders, tls, handshakeFlags);
    }

    /** Returns the same settings with or without a request for extended headers. */
    public NegotiationSettings withExtendedHeaders(boolean wanted) {
        return new NegotiationSettings(wish, optionMode, requestStructuredReplies, wanted, tls, handshakeFlags);
    }

    /** Returns the same settings with another policy for TLS. */
    public NegotiationSettings withTls(TlsPolicy policy) {
        return new NegotiationSettings(
                wish, optionMode, requestStructuredReplies, requestExtendedHeaders, policy, handshakeFlags);
    }

    /** Returns the same settings with other client flags that may be used. */
    public NegotiationSettings withHandshakeFlags(int allowed) {
        return new NegotiationSettings(
                wish, optionMode, requestStructuredReplies, requestExtendedHeaders, tls, allowed);
    }
}
