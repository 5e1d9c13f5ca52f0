package io.nbd4j.client.internal.negotiation;

import io.nbd4j.client.internal.negotiation.NegotiationAction.RefuseOption;
import io.nbd4j.client.internal.negotiation.NegotiationAction.SendOption;
import io.nbd4j.codec.handshake.InfoItem;
import io.nbd4j.codec.handshake.InfoType;
import io.nbd4j.codec.handshake.OptionReply.Refusal;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.nbd4j.codec.handshake.OptionRequest;
import io.nbd4j.codec.handshake.OptionType;
import java.util.ArrayList;
import java.util.List;

/**
 * GO or INFO has been sent.
 *
 * @param option one of the two
 * @param draft what the server has said so far
 */
record AwaitingExportInfo(Agreement agreement, OptionType option, ExportDraft draft) implements OptionPhase {
    static Step ask(Agreement agreement, OptionType option) {
        ExportWish wish = agreement.wish();
        List<Integer> types = new ArrayList<>();
        if (wish.requestBlockSize()) {
            types.add(InfoType.BLOCK_SIZE.wire());
        }
        if (wish.fullInfo()) {
            types.add(InfoType.NAME.wire());
            types.add(InfoType.DESCRIPTION.wire());
        }
        OptionRequest request = option == OptionType.GO
                ? new OptionRequest.Go(wish.exportName(), types)
                : new OptionRequest.Info(wish.exportName(), types);
        // The draft starts empty each time: what INFO said, or a refused attempt, does not bind the server.
        return Step.to(new AwaitingExportInfo(agreement, option, ExportDraft.EMPTY), new SendOption(request));
    }

    @Override
    public boolean forUser() {
        return agreement.settings().optionMode();
    }

    @Override
    public Step onInfo(InfoItem item) {
        return Step.to(new AwaitingExportInfo(agreement, option, draft.with(item)));
    }

    @Override
    public Step onAck() {
        return option == OptionType.GO ? draft.enter(agreement) : draft.inform(agreement);
    }

    @Override
    public Step onRefusal(Refusal refusal) {
        if (refusal.type() == OptionReplyType.ERR_BLOCK_SIZE_REQD
                && !agreement.wish().requestBlockSize()) {
            return OptionOrder.ask(agreement.withWish(agreement.wish().withRequestBlockSize(true)), option);
        }
        // Extended headers forbid EXPORT_NAME, and are nothing without GO.
        if (refusal.type() == OptionReplyType.ERR_UNSUP && option == OptionType.GO && !agreement.extendedHeaders()) {
            return OptionOrder.exportName(agreement);
        }
        if (refusal.type() == OptionReplyType.ERR_TLS_REQD && agreement.mayStartTls()) {
            return AwaitingStartTlsAnswer.ask(agreement.withInterrupted(new Interrupted(option, refusal)), false);
        }
        return refused(agreement, refusal);
    }

    /** The server does not give the export. It may forget what it has selected for it. */
    static Step refused(Agreement agreement, Refusal refusal) {
        return agreement.settings().optionMode()
                ? Step.to(
                        new Paused(agreement.withSelection(null)), new RefuseOption(new OptionFailure.Refused(refusal)))
                : Step.abort(refusal);
    }
}
