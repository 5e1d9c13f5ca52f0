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
    public Step onRequest(UserRequest request) {
        if (!agreement.isFixedNewstyle() && request.option() != OptionType.GO) {
            return Step.to(
                    this,
                    new RefuseOption(
                            new OptionFailure.Unsupported(request.option().toString())));
        }
        return switch (request.option()) {
            case GO -> OptionOrder.go(agreement.withWish(((UserRequest.Go) request).wish()));
            case INFO -> OptionOrder.ask(agreement.withWish(((UserRequest.Info) request).wish()), OptionType.INFO);
            case LIST -> AwaitingList.ask(agreement);
            case STARTTLS -> startTls();
            case STRUCTURED_REPLY -> AwaitingStructuredReplyAnswer.ask(agreement, true);
            case EXTENDED_HEADERS -> AwaitingExtendedHeadersAnswer.ask(agreement, true);
            case LIST_META_CONTEXT -> AwaitingContextList.ask(agreement, (UserRequest.ListMetaContexts) request);
            case SET_META_CONTEXT -> AwaitingContextSelection.ask(agreement, (UserRequest.SetMetaContexts) request);
            case EXPORT_NAME, ABORT, PEEK_EXPORT, UNKNOWN ->
                throw new IllegalArgumentException(request.option() + " is no request of a user");
        };
    }

    /** The specification forbids to ask again, and nothing could come of it. */
    private Step startTls() {
        return agreement.tls() ? Step.answer(agreement, false) : AwaitingStartTlsAnswer.ask(agreement, true);
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
}
