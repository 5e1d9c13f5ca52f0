package io.nbd4j.client.internal.negotiation;

/**
 * What is agreed when option mode pauses.
 *
 * @param style never {@link ProtocolStyle#OLDSTYLE}, which has no pause
 * @param structuredReplies whether replies may come in chunks
 */
public record NegotiationFacts(ProtocolStyle style, boolean structuredReplies) {}
