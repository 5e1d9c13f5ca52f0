package io.nbd4j.client.internal.negotiation;

import io.nbd4j.codec.handshake.ExportNameReply;
import io.nbd4j.codec.handshake.OptionType;
import org.jspecify.annotations.Nullable;

/** EXPORT_NAME has been sent. There is no way back: the server serves the export or hangs up. */
record AwaitingExportNameReply(Agreement agreement) implements NegotiationPhase {
    @Override
    public String waitingFor() {
        return "the answer to " + OptionType.EXPORT_NAME;
    }

    @Override
    public Step onExportNameReply(ExportNameReply reply) {
        return ExportDraft.EMPTY
                .with(reply.exportSize(), reply.transmissionFlags())
                .enter(agreement);
    }

    @Override
    public Step onChannelClosed(@Nullable Throwable cause) {
        return Step.fail(
                new NegotiationFailure.ExportNameRefused(agreement.wish().exportName(), cause));
    }
}
