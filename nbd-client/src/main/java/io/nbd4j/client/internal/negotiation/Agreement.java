package io.nbd4j.client.internal.negotiation;

import org.jspecify.annotations.Nullable;

/**
 * What the client wants and what has been agreed so far. It goes from phase to phase of a newstyle handshake.
 *
 * @param settings what the client wants
 * @param style how much of the handshake may be used
 * @param zeroes whether the answer to EXPORT_NAME is padded
 * @param structuredReplies whether the server has agreed to them
 * @param tls whether TLS is up
 * @param interrupted the option that is sent again once TLS is up, null for none
 */
record Agreement(
        NegotiationSettings settings,
        ProtocolStyle style,
        boolean zeroes,
        boolean structuredReplies,
        boolean tls,
        @Nullable Interrupted interrupted) {
    /** The start: nothing of this has been agreed. */
    Agreement(NegotiationSettings settings, ProtocolStyle style, boolean zeroes, boolean structuredReplies) {
        this(settings, style, zeroes, structuredReplies, false, null);
    }

    Agreement withStructuredReplies() {
        return new Agreement(settings, style, zeroes, true, tls, interrupted);
    }

    Agreement withExportName(String exportName) {
        return new Agreement(settings.withExportName(exportName), style, zeroes, structuredReplies, tls, interrupted);
    }

    /** TLS is up, and the server has forgotten what was agreed before. */
    Agreement withTls() {
        return new Agreement(settings, style, zeroes, false, true, interrupted);
    }

    Agreement withInterrupted(@Nullable Interrupted option) {
        return new Agreement(settings, style, zeroes, structuredReplies, tls, option);
    }

    boolean isFixedNewstyle() {
        return style == ProtocolStyle.NEWSTYLE_FIXED;
    }

    /** Returns whether the client wants TLS and may ask for it. */
    boolean mayStartTls() {
        return settings.tls() != TlsPolicy.DISABLE && !tls && isFixedNewstyle();
    }

    /** Returns whether TLS must be up, and is not. */
    boolean lacksTls() {
        return settings.tls() == TlsPolicy.REQUIRE && !tls;
    }
}
