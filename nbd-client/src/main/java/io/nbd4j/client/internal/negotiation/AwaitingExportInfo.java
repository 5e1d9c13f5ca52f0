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
 * @param blockSizeRequested whether the request asked for the size constraints
 * @param draft what the server has said so far
 */
record AwaitingExportInfo(Agreement agreement, OptionType option, boolean blockSizeRequested, ExportDraft draft)
        implements OptionPhase {

    static Step askToGo(Agreement agreement) {
        return ask(agreement, OptionType.GO, agreement.settings().requestBlockSize());
    }

    static Step askForInfo(Agreement agreement) {
        return ask(agreement, OptionType.INFO, agreement.settings().requestBlockSize());
    }

    static Step askAgain(Agreement agreement, OptionType option) {
        return ask(agreement, option, agreement.settings().requestBlockSize());
    }

    private static Step ask(Agreement agreement, OptionType option, boolean blockSize) {
        NegotiationSettings settings = agreement.settings();
        List<Integer> types = new ArrayList<>();
        if (blockSize) {
            types.add(InfoType.BLOCK_SIZE.wire());
        }
        if (settings.fullInfo()) {
            types.add(InfoType.NAME.wire());
            types.add(InfoType.DESCRIPTION.wire());
        }
        OptionRequest request = option == OptionType.GO
                ? new OptionRequest.Go(settings.exportName(), types)
                : new OptionRequest.Info(settings.exportName(), types);
        // The draft starts empty each time: what INFO said, or a refused attempt, does not bind the server.
        return Step.to(
                new AwaitingExportInfo(agreement, option, blockSize, ExportDraft.EMPTY), new SendOption(request));
    }

    @Override
    public boolean forUser() {
        return agreement.settings().optionMode();
    }

    @Override
    public Step onInfo(InfoItem item) {
        return Step.to(new AwaitingExportInfo(agreement, option, blockSizeRequested, draft.with(item)));
    }

    @Override
    public Step onAck() {
        return option == OptionType.GO ? draft.enter(agreement) : draft.inform(agreement);
    }

    @Override
    public Step onRefusal(Refusal refusal) {
        if (refusal.type() == OptionReplyType.ERR_BLOCK_SIZE_REQD && !blockSizeRequested) {
            return ask(agreement, option, true);
        }
        if (refusal.type() == OptionReplyType.ERR_UNSUP && option == OptionType.GO) {
            return OptionOrder.exportName(agreement);
        }
        if (refusal.type() == OptionReplyType.ERR_TLS_REQD && agreement.mayStartTls()) {
            return AwaitingStartTlsAnswer.ask(agreement.withInterrupted(new Interrupted(option, refusal)));
        }
        return refused(agreement, refusal);
    }

    /** The server does not give the export. */
    static Step refused(Agreement agreement, Refusal refusal) {
        return agreement.settings().optionMode()
                ? Step.to(new Paused(agreement), new RefuseOption(new OptionFailure.Refused(refusal)))
                : Step.abort(refusal);
    }
}
