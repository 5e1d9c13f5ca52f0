package io.nbd4j.client.internal.negotiation;

import io.nbd4j.client.MetaContext;
import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.codec.TransmissionFlags;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a server said about an export, and what was agreed with it.
 *
 * @param exportName as the client asked for it
 * @param size in bytes
 * @param transmissionFlags without the bits that depend on something that was not agreed
 * @param sizeConstraints {@code null} if the server advertised none, or values that make no sense
 * @param structuredReplies whether replies may come in chunks
 * @param extendedHeaders whether lengths have 64 bits
 * @param metaContexts those that the server has selected for this export
 * @param style how it was negotiated
 * @param canonicalName {@code null} if the server did not say
 * @param description {@code null} if the server did not say
 */
public record NegotiatedExport(
        String exportName,
        long size,
        TransmissionFlags transmissionFlags,
        @Nullable SizeConstraints sizeConstraints,
        boolean structuredReplies,
        boolean extendedHeaders,
        List<MetaContext> metaContexts,
        ProtocolStyle style,
        @Nullable String canonicalName,
        @Nullable String description) {}
