package io.nbd4j.client.internal.negotiation;

import io.nbd4j.client.internal.negotiation.NegotiationAction.CompleteOption;
import io.nbd4j.client.internal.negotiation.NegotiationAction.Fail;
import io.nbd4j.client.internal.negotiation.NegotiationAction.RefuseOption;
import io.nbd4j.client.internal.negotiation.NegotiationAction.SendOption;
import io.nbd4j.codec.handshake.OptionRequest;
import io.nbd4j.codec.handshake.OptionType;
import java.time.Duration;

/** Option mode: the user decides what comes next. Nothing is outstanding. */
record Paused(Agreement agreement) implements NegotiationPhase {
    @Override
    public String waitingFor() {
        return "the next request in option mode";
    }

    @Override
    public Step onTimeOver(Duration after) {
        return Step.to(this);
    }

    @Override
    public Step onGoRequested() {
        return OptionOrder.go(agreement);
    }

    @Override
    public Step onInfoRequested() {
        return agreement.isFixedNewstyle() ? AwaitingExportInfo.askForInfo(agreement) : unsupported(OptionType.INFO);
    }

    @Override
    public Step onListRequested() {
        return agreement.isFixedNewstyle()
                ? Step.to(
                        new AwaitingList(agreement, ExportList.EMPTY), new SendOption(new OptionRequest.ListExports()))
                : unsupported(OptionType.LIST);
    }

    @Override
    public Step onExportNameSet(String exportName) {
        return Step.to(new Paused(agreement.withExportName(exportName)), new CompleteOption(new OptionResult.Done()));
    }

    @Override
    public Step onAbortRequested() {
        return agreement.isFixedNewstyle()
                ? Step.to(new AwaitingAbortAnswer(), new SendOption(new OptionRequest.Abort()))
                : Step.to(
                        new Ended(),
                        new CompleteOption(new OptionResult.Done()),
                        new Fail(new NegotiationFailure.Aborted()));
    }

    private Step unsupported(OptionType option) {
        return Step.to(this, new RefuseOption(new OptionFailure.Unsupported(option.toString())));
    }
}
