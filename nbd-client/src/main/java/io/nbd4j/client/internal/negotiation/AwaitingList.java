package io.nbd4j.client.internal.negotiation;

import io.nbd4j.client.internal.negotiation.NegotiationAction.CompleteOption;
import io.nbd4j.client.internal.negotiation.NegotiationAction.RefuseOption;
import io.nbd4j.codec.handshake.OptionReply;
import io.nbd4j.codec.handshake.OptionReply.Refusal;
import io.nbd4j.codec.handshake.OptionType;

/** LIST has been sent. Entries that came before a refusal are forgotten. */
record AwaitingList(Agreement agreement, ExportList soFar) implements OptionPhase {
    @Override
    public OptionType option() {
        return OptionType.LIST;
    }

    @Override
    public boolean forUser() {
        return true;
    }

    @Override
    public Step onServer(OptionReply.Server server) {
        ExportList longer = soFar.with(new ExportEntry(server.exportName(), server.description()));
        return longer.isTooLong()
                ? Step.violation("the list of exports has no end: more than " + soFar.count() + " came")
                : Step.to(new AwaitingList(agreement, longer));
    }

    @Override
    public Step onAck() {
        return Step.to(new Paused(agreement), new CompleteOption(new OptionResult.Exports(soFar.toList())));
    }

    @Override
    public Step onRefusal(Refusal refusal) {
        return Step.to(new Paused(agreement), new RefuseOption(new OptionFailure.Refused(refusal)));
    }
}
