package io.nbd4j.client.internal.negotiation;

/**
 * What the client wants and what has been agreed so far. It goes from phase to phase of a newstyle handshake.
 *
 * @param settings what the client wants
 * @param style how much of the handshake may be used
 * @param zeroes whether the answer to EXPORT_NAME is padded
 * @param structuredReplies whether the server has agreed to them
 */
record Agreement(NegotiationSettings settings, ProtocolStyle style, boolean zeroes, boolean structuredReplies) {
    Agreement withStructuredReplies() {
        return new Agreement(settings, style, zeroes, true);
    }

    Agreement withExportName(String exportName) {
        return new Agreement(settings.withExportName(exportName), style, zeroes, structuredReplies);
    }

    boolean isFixedNewstyle() {
        return style == ProtocolStyle.NEWSTYLE_FIXED;
    }
}
