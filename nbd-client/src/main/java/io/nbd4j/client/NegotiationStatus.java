package io.nbd4j.client;

import io.nbd4j.codec.handshake.HandshakeFlags;
import java.util.List;

/**
 * What a client and its server have agreed on, as far as the negotiation has got. See {@link Negotiation#status()}.
 *
 * @param protocol the style of the handshake
 * @param handshakeFlags those that both sides have set
 * @param tls whether the connection is encrypted by TLS
 * @param structuredReplies whether replies may come in chunks: structured replies or extended headers are in force
 * @param extendedHeaders whether extended headers are in force: lengths have 64 bits
 * @param metaContexts those that the server has selected last, in its order, immutable. Empty without structured replies,
 *     and once the server may have forgotten them: behind a refused GO or INFO, one for another export, or STARTTLS
 */
public record NegotiationStatus(
        ExportInfo.Protocol protocol,
        HandshakeFlags handshakeFlags,
        boolean tls,
        boolean structuredReplies,
        boolean extendedHeaders,
        List<MetaContext> metaContexts) {
    /** Copies the list. */
    public NegotiationStatus {
        metaContexts = List.copyOf(metaContexts);
    }
}
