package io.nbd4j.client;

import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.codec.TransmissionFlags;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the server said about an export.
 *
 * <p>What comes from {@link Negotiation#info()} is a preview: some servers tell the true size only when the transmission
 * phase begins, so use what {@link NbdDevice#export()} says then.
 *
 * @param name as it was asked for
 * @param size in bytes; need not be a multiple of the minimum block
 * @param flags what the export can do, with what can't be used on this connection masked off
 * @param constraints null if the server advertised none, or none that make sense
 * @param structuredReplies whether replies may come in chunks: structured replies or extended headers are in force
 * @param extendedHeaders whether extended headers are in force: lengths have 64 bits
 * @param metaContexts those that the server has selected for this export, in its order, immutable
 * @param protocol the style of the handshake
 * @param canonicalName null if the server did not tell; ask with {@link NbdClientBuilder#fullInfo}
 * @param description for humans, null if the server did not tell; ask with {@link NbdClientBuilder#fullInfo}
 */
public record ExportInfo(
        String name,
        long size,
        TransmissionFlags flags,
        @Nullable SizeConstraints constraints,
        boolean structuredReplies,
        boolean extendedHeaders,
        List<MetaContext> metaContexts,
        Protocol protocol,
        @Nullable String canonicalName,
        @Nullable String description) {

    /** Copies the list. */
    public ExportInfo {
        metaContexts = List.copyOf(metaContexts);
    }

    /** The styles of a handshake. */
    public enum Protocol {
        /** No options, no export names. */
        OLDSTYLE,
        /** Nothing but {@code NBD_OPT_EXPORT_NAME}. */
        NEWSTYLE,
        /** All options. */
        NEWSTYLE_FIXED
    }

    /** Returns whether the server refuses everything that writes ({@code NBD_FLAG_READ_ONLY}). */
    public boolean isReadOnly() {
        return flags.has(TransmissionFlags.READ_ONLY);
    }

    /** Returns whether the export is like a rotating disk ({@code NBD_FLAG_ROTATIONAL}). */
    public boolean isRotational() {
        return flags.has(TransmissionFlags.ROTATIONAL);
    }

    /** Returns whether {@code flush} may be used ({@code NBD_FLAG_SEND_FLUSH}). */
    public boolean canFlush() {
        return flags.has(TransmissionFlags.SEND_FLUSH);
    }

    /** Returns whether the flag FUA may be used ({@code NBD_FLAG_SEND_FUA}). */
    public boolean canFua() {
        return flags.has(TransmissionFlags.SEND_FUA);
    }

    /** Returns whether {@code trim} may be used ({@code NBD_FLAG_SEND_TRIM}). */
    public boolean canTrim() {
        return flags.has(TransmissionFlags.SEND_TRIM);
    }

    /** Returns whether {@code zero} may be used ({@code NBD_FLAG_SEND_WRITE_ZEROES}). */
    public boolean canZero() {
        return flags.has(TransmissionFlags.SEND_WRITE_ZEROES);
    }

    /** Returns whether the flag FAST_ZERO may be used ({@code NBD_FLAG_SEND_FAST_ZERO}). */
    public boolean canFastZero() {
        return flags.has(TransmissionFlags.SEND_FAST_ZERO);
    }

    /** Returns whether the flag DF may be used ({@code NBD_FLAG_SEND_DF}). */
    public boolean canDf() {
        return flags.has(TransmissionFlags.SEND_DF);
    }

    /** Returns whether {@code cache} may be used ({@code NBD_FLAG_SEND_CACHE}). */
    public boolean canCache() {
        return flags.has(TransmissionFlags.SEND_CACHE);
    }

    /** Returns whether several connections see one coherent export ({@code NBD_FLAG_CAN_MULTI_CONN}). */
    public boolean canMultiConn() {
        return flags.has(TransmissionFlags.CAN_MULTI_CONN);
    }

    /** Returns whether a block status may be asked for some of the meta contexts only ({@code NBD_FLAG_BLOCK_STATUS_PAYLOAD}). */
    public boolean canBlockStatusPayload() {
        return flags.has(TransmissionFlags.BLOCK_STATUS_PAYLOAD);
    }

    /** Returns whether the server has selected the meta context of exactly this name, so that its block status may be asked. */
    public boolean canMetaContext(String contextName) {
        for (MetaContext context : metaContexts) {
            if (context.name().equals(contextName)) {
                return true;
            }
        }
        return false;
    }
}
