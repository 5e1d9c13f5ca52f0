package io.nbd4j.client.internal.negotiation;

import io.nbd4j.client.internal.negotiation.NegotiationAction.CompleteOption;
import io.nbd4j.client.internal.negotiation.NegotiationAction.RefuseOption;
import io.nbd4j.client.internal.negotiation.NegotiationAction.SendOption;
import io.nbd4j.codec.handshake.OptionReply;
import io.nbd4j.codec.handshake.OptionReply.Refusal;
import io.nbd4j.codec.handshake.OptionRequest;
import io.nbd4j.codec.handshake.OptionType;

/** LIST has been sent. Entries that came before a refusal are forgotten. */
record AwaitingList(Agreement agreement, BoundedList<ExportEntry> soFar) implements OptionPhase {
    /** The most exports that are accepted from a server. */
    static final int MAX_ENTRIES = 100_000;
    /** The most characters that their names and descriptions may have together. */
    static final long MAX_CHARACTERS = 64L * 1024 * 1024;

    static final BoundedList<ExportEntry> NOTHING_YET = BoundedList.empty(MAX_ENTRIES, MAX_CHARACTERS);

    static Step ask(Agreement agreement) {
        return Step.to(new AwaitingList(agreement, NOTHING_YET), new SendOption(new OptionRequest.ListExports()));
    }

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
        ExportEntry entry = new ExportEntry(server.exportName(), server.description());
        BoundedList<ExportEntry> longer = soFar.with(
                entry, (long) entry.name().length() + entry.description().length());
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
