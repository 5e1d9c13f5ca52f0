package io.nbd4j.client.internal.negotiation;

import io.nbd4j.client.MetaContext;
import io.nbd4j.client.internal.negotiation.NegotiationAction.CompleteOption;
import io.nbd4j.client.internal.negotiation.NegotiationAction.RefuseOption;
import io.nbd4j.client.internal.negotiation.NegotiationAction.SendOption;
import io.nbd4j.codec.handshake.OptionReply;
import io.nbd4j.codec.handshake.OptionReply.Refusal;
import io.nbd4j.codec.handshake.OptionRequest;
import io.nbd4j.codec.handshake.OptionType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * SET_META_CONTEXT has been sent, so nothing is selected until it is acknowledged.
 *
 * @param next INFO or GO, which it is done for; null if it is the user's own request
 * @param replies how many contexts came, repeated ones too
 * @param soFar what came; it counts only with the acknowledgement
 */
record AwaitingContextSelection(
        Agreement agreement, @Nullable OptionType next, int replies, ContextSelection soFar) implements OptionPhase {

    /** Selects what the user asks for now. */
    static Step ask(Agreement agreement, UserRequest.SetMetaContexts request) {
        return ask(agreement, null, new OptionRequest.SetMetaContext(request.exportName(), request.queries()));
    }

    /** Selects what the user wants to have selected for INFO or GO. */
    static Step askBefore(Agreement agreement, OptionType next) {
        ExportWish wish = agreement.wish();
        return ask(agreement, next, new OptionRequest.SetMetaContext(wish.exportName(), wish.metaContexts()));
    }

    private static Step ask(Agreement agreement, @Nullable OptionType next, OptionRequest.SetMetaContext request) {
        ContextSelection nothingYet = new ContextSelection(request.exportName(), List.of());
        return Step.to(
                new AwaitingContextSelection(agreement.withSelection(null), next, 0, nothingYet),
                new SendOption(request));
    }

    @Override
    public OptionType option() {
        return OptionType.SET_META_CONTEXT;
    }

    @Override
    public boolean forUser() {
        return agreement.settings().optionMode();
    }

    @Override
    public Step onMetaContext(OptionReply.MetaContextReply reply) {
        MetaContext context = new MetaContext(reply.id(), reply.contextName());
        if (replies == AwaitingContextList.MAX_CONTEXTS) {
            return Step.violation("the selection of meta contexts has no end: more than " + replies + " came");
        }
        if (soFar.isAmbiguous(context)) {
            return Step.violation("two meta contexts have the identifier " + Integer.toUnsignedString(reply.id()));
        }
        return Step.to(new AwaitingContextSelection(agreement, next, replies + 1, soFar.with(context)));
    }

    @Override
    public Step onAck() {
        Agreement selected = agreement.withSelection(soFar);
        return next == null
                ? Step.to(new Paused(selected), new CompleteOption(new OptionResult.Contexts(soFar.contexts())))
                : AwaitingExportInfo.ask(selected, next);
    }

    /** An export without block status is still of use. Whatever else is wrong, INFO or GO will say. */
    @Override
    public Step onRefusal(Refusal refusal) {
        return next == null
                ? Step.to(new Paused(agreement), new RefuseOption(new OptionFailure.Refused(refusal)))
                : AwaitingExportInfo.ask(agreement, next);
    }
}
