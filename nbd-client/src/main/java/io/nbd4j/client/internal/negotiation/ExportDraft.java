package io.nbd4j.client.internal.negotiation;

import io.nbd4j.client.internal.negotiation.NegotiationAction.CompleteOption;
import io.nbd4j.client.internal.negotiation.NegotiationAction.EnterTransmission;
import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.codec.TransmissionFlags;
import io.nbd4j.codec.handshake.InfoItem;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a server has said about an export so far, in any order. Of two items of one type the last one holds.
 *
 * @param flags {@code null} until the server has told size and flags
 */
record ExportDraft(
        long size,
        @Nullable TransmissionFlags flags,
        @Nullable SizeConstraints sizeConstraints,
        @Nullable String canonicalName,
        @Nullable String description) {
    static final ExportDraft EMPTY = new ExportDraft(0, null, null, null, null);

    ExportDraft with(InfoItem item) {
        return switch (item.type()) {
            case EXPORT -> {
                InfoItem.ExportItem export = (InfoItem.ExportItem) item;
                yield with(export.exportSize(), export.transmissionFlags());
            }
            case NAME ->
                new ExportDraft(size, flags, sizeConstraints, ((InfoItem.NameItem) item).canonicalName(), description);
            case DESCRIPTION ->
                new ExportDraft(
                        size, flags, sizeConstraints, canonicalName, ((InfoItem.DescriptionItem) item).description());
            case BLOCK_SIZE -> {
                SizeConstraints advertised = ((InfoItem.BlockSizeItem) item).sizeConstraints();
                yield new ExportDraft(
                        size, flags, advertised.isPlausible() ? advertised : null, canonicalName, description);
            }
            case UNKNOWN -> this;
        };
    }

    ExportDraft with(long exportSize, TransmissionFlags transmissionFlags) {
        return new ExportDraft(exportSize, transmissionFlags, sizeConstraints, canonicalName, description);
    }

    /** The server has agreed to the export. This is the only way into the transmission phase. */
    Step enter(Agreement agreement) {
        if (agreement.lacksTls()) {
            return Step.fail(new NegotiationFailure.TlsUnavailable("the handshake came to its end without TLS", null));
        }
        return finish(agreement, export -> Step.to(new Ended(agreement), new EnterTransmission(export)));
    }

    /** The server has said all about the export that it has to say. */
    Step inform(Agreement agreement) {
        return finish(
                agreement,
                export -> Step.to(new Paused(agreement), new CompleteOption(new OptionResult.Information(export))));
    }

    private Step finish(Agreement agreement, Function<NegotiatedExport, Step> step) {
        if (flags == null) {
            return Step.violation("the server agreed to an export without telling its size");
        }
        if (flags.bits() == 0) {
            return Step.violation("the transmission flags are 0, but HAS_FLAGS must be set");
        }
        return step.apply(new NegotiatedExport(
                agreement.wish().exportName(),
                size,
                usable(flags, agreement),
                sizeConstraints,
                agreement.structuredReplies(),
                agreement.extendedHeaders(),
                agreement.metaContexts(),
                agreement.style(),
                canonicalName,
                description));
    }

    /** Takes away flags that a server must not set without what they build on. */
    private static TransmissionFlags usable(TransmissionFlags flags, Agreement agreement) {
        int bits = flags.bits();
        if (!agreement.structuredReplies()) {
            bits &= ~TransmissionFlags.SEND_DF;
        }
        if (!agreement.extendedHeaders()) {
            bits &= ~TransmissionFlags.BLOCK_STATUS_PAYLOAD;
        }
        if (!flags.has(TransmissionFlags.SEND_WRITE_ZEROES)) {
            bits &= ~TransmissionFlags.SEND_FAST_ZERO;
        }
        return new TransmissionFlags(bits);
    }
}
