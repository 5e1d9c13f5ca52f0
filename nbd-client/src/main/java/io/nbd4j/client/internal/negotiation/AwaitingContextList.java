package io.nbd4j.client.internal.negotiation;

import io.nbd4j.client.internal.negotiation.NegotiationAction.CompleteOption;
import io.nbd4j.client.internal.negotiation.NegotiationAction.RefuseOption;
import io.nbd4j.client.internal.negotiation.NegotiationAction.SendOption;
import io.nbd4j.codec.handshake.OptionReply;
import io.nbd4j.codec.handshake.OptionReply.Refusal;
import io.nbd4j.codec.handshake.OptionRequest;
import io.nbd4j.codec.handshake.OptionType;

/**
 * LIST_META_CONTEXT has been sent. It leaves what was selected as it is, and the identifiers in its answer mean nothing.
 *
 * @param soFar the names that came; those that came before a refusal are forgotten
 */
record AwaitingContextList(Agreement agreement, BoundedList<String> soFar) implements OptionPhase {
    /** The most contexts that are accepted from a server, for a list and for a selection. */
    static final int MAX_CONTEXTS = 1000;
    /** The most characters that their names may have together: no limit of its own, since a name has one. */
    static final long MAX_CHARACTERS = Long.MAX_VALUE;

    static final BoundedList<String> NOTHING_YET = BoundedList.empty(MAX_CONTEXTS, MAX_CHARACTERS);

    static Step ask(Agreement agreement, UserRequest.ListMetaContexts request) {
        return Step.to(
                new AwaitingContextList(agreement, NOTHING_YET),
                new SendOption(new OptionRequest.ListMetaContext(request.exportName(), request.queries())));
    }

    @Override
    public OptionType option() {
        return OptionType.LIST_META_CONTEXT;
    }

    @Override
    public boolean forUser() {
        return true;
    }

    @Override
    public Step onMetaContext(OptionReply.MetaContextReply context) {
        BoundedList<String> longer =
                soFar.with(context.contextName(), context.contextName().length());
        return longer.isTooLong()
                ? Step.violation("the list of meta contexts has no end: more than " + soFar.count() + " came")
                : Step.to(new AwaitingContextList(agreement, longer));
    }

    @Override
    public Step onAck() {
        return Step.to(new Paused(agreement), new CompleteOption(new OptionResult.ContextNames(soFar.toList())));
    }

    @Override
    public Step onRefusal(Refusal refusal) {
        return Step.to(new Paused(agreement), new RefuseOption(new OptionFailure.Refused(refusal)));
    }
}
