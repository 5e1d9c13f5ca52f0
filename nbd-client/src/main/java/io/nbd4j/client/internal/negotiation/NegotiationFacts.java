package io.nbd4j.client.internal.negotiation;

import io.nbd4j.client.MetaContext;
import java.util.List;

/**
 * What is agreed.
 *
 * @param style how much of the handshake may be used
 * @param handshakeFlags those that both sides have set
 * @param tls whether TLS is up
 * @param structuredReplies whether replies may come in chunks
 * @param extendedHeaders whether lengths have 64 bits
 * @param metaContexts those that the server has selected
 */
public record NegotiationFacts(
        ProtocolStyle style,
        int handshakeFlags,
        boolean tls,
        boolean structuredReplies,
        boolean extendedHeaders,
        List<MetaContext> metaContexts) {}
