package io.nbd4j.client.internal.negotiation;

import io.nbd4j.codec.handshake.ClientFlags;
import io.nbd4j.codec.handshake.OptionRequestEncoder;

/**
 * What the user of a connection wants from the handshake.
 *
 * @param exportName empty for the default export
 * @param optionMode whether to pause before an export is chosen
 * @param requestStructuredReplies whether to ask for structured replies
 * @param requestBlockSize whether to ask for the size constraints, which obliges to respect them
 * @param fullInfo whether to ask for the canonical name and the description
 * @param tls what to do about TLS
 * @param handshakeFlags the client flags that may be used if the server offers them
 */
public record NegotiationSettings(
        String exportName,
        boolean optionMode,
        boolean requestStructuredReplies,
        boolean requestBlockSize,
        boolean fullInfo,
        TlsPolicy tls,
        int handshakeFlags) {
    /** All client flags there are. */
    public static final int ALL_HANDSHAKE_FLAGS = ClientFlags.FIXED_NEWSTYLE | ClientFlags.NO_ZEROES;

    /** What a connection uses that asks for nothing in particular. */
    public static final NegotiationSettings DEFAULT =
            new NegotiationSettings("", false, true, true, false, TlsPolicy.DISABLE, ALL_HANDSHAKE_FLAGS);

    /**
     * Checks the name.
     *
     * @throws IllegalArgumentException if no option could carry it
     */
    public NegotiationSettings {
        OptionRequestEncoder.requireValidExportName(exportName);
        handshakeFlags &= ALL_HANDSHAKE_FLAGS;
    }

    /** Settings without TLS. */
    public NegotiationSettings(
            String exportName,
            boolean optionMode,
            boolean requestStructuredReplies,
            boolean requestBlockSize,
            boolean fullInfo,
            int handshakeFlags) {
        this(
                exportName,
                optionMode,
                requestStructuredReplies,
                requestBlockSize,
                fullInfo,
                TlsPolicy.DISABLE,
                handshakeFlags);
    }

    /** Returns the same settings for another export. */
    public NegotiationSettings withExportName(String name) {
        return new NegotiationSettings(
                name, optionMode, requestStructuredReplies, requestBlockSize, fullInfo, tls, handshakeFlags);
    }

    /** Returns the same settings with or without the pause before an export is chosen. */
    public NegotiationSettings withOptionMode(boolean wanted) {
        return new NegotiationSettings(
                exportName, wanted, requestStructuredReplies, requestBlockSize, fullInfo, tls, handshakeFlags);
    }

    /** Returns the same settings with another policy for TLS. */
    public NegotiationSettings withTls(TlsPolicy policy) {
        return new NegotiationSettings(
                exportName, optionMode, requestStructuredReplies, requestBlockSize, fullInfo, policy, handshakeFlags);
    }
}
