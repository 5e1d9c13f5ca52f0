package io.nbd4j.testkit.internal;

import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.codec.TransmissionFlags;
import io.nbd4j.codec.transmission.TransmissionMode;
import io.nbd4j.testkit.Export;
import io.nbd4j.testkit.MetaContext;
import java.util.ArrayList;
import java.util.List;

/**
 * An export as clients see it.
 *
 * @param name as asked for by clients, empty for the default export
 * @param description a text for humans, maybe empty
 * @param export what is served
 * @param settings how it is served
 */
public record ServedExport(String name, String description, Export export, ExportSettings settings) {
    private static final int ALWAYS = TransmissionFlags.HAS_FLAGS
            | TransmissionFlags.SEND_FLUSH
            | TransmissionFlags.SEND_FUA
            | TransmissionFlags.SEND_CACHE;
    private static final int WRITABLE = TransmissionFlags.SEND_TRIM | TransmissionFlags.SEND_WRITE_ZEROES;

    private static final int FAST_ZERO = TransmissionFlags.SEND_FAST_ZERO;

    SizeConstraints sizes() {
        return settings.sizes();
    }

    /**
     * Returns what a client may use.
     *
     * @param contexts whether it has selected a meta context
     */
    TransmissionFlags transmissionFlags(TransmissionMode mode, boolean contexts) {
        int flags = ALWAYS;
        flags |= export.canMultiConn() ? TransmissionFlags.CAN_MULTI_CONN : 0;
        flags |= export.isRotational() ? TransmissionFlags.ROTATIONAL : 0;
        flags |= mode == TransmissionMode.SIMPLE ? 0 : TransmissionFlags.SEND_DF;
        flags |= mode == TransmissionMode.EXTENDED && contexts ? TransmissionFlags.BLOCK_STATUS_PAYLOAD : 0;
        if (export.isReadOnly()) {
            flags |= TransmissionFlags.READ_ONLY;
        } else {
            flags |= WRITABLE | (export.isZeroFast() ? FAST_ZERO : 0);
        }
        int advertised = flags & ~settings.withheldFlags();
        return new TransmissionFlags(
                (advertised & TransmissionFlags.SEND_WRITE_ZEROES) == 0 ? advertised & ~FAST_ZERO : advertised);
    }

    /** Returns the meta contexts, each with its id: base:allocation first, unless it is one of the export's own. */
    List<ServedContext> contexts() {
        List<ServedContext> contexts = new ArrayList<>();
        List<MetaContext> own = settings.contexts();
        if (own.stream().noneMatch(context -> context.name().equals(MetaContext.ALLOCATION))) {
            MetaContext allocation = new AllocationContext(export, sizes().minimumBlock());
            contexts.add(new ServedContext(0, MetaContext.ALLOCATION, allocation));
        }
        for (MetaContext context : own) {
            contexts.add(new ServedContext(contexts.size(), context.name(), context));
        }
        return contexts;
    }
}
