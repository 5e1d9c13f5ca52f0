package io.nbd4j.client.internal.negotiation;

import io.nbd4j.client.internal.negotiation.NegotiationAction.SendOption;
import io.nbd4j.codec.handshake.OptionReply.Refusal;
import io.nbd4j.codec.handshake.OptionRequest;
import io.nbd4j.codec.handshake.OptionType;

/** EXTENDED_HEADERS has been sent, by the handshake itself or by a user in option mode. */
record AwaitingExtendedHeadersAnswer(Agreement agreement, boolean forUser) implements OptionPhase {
    static Step ask(Agreement agreement, boolean forUser) {
        return Step.to(
                new AwaitingExtendedHeadersAnswer(agreement, forUser),
                new SendOption(new OptionRequest.ExtendedHeaders()));
    }

    @Override
    public OptionType option() {
        return OptionType.EXTENDED_HEADERS;
    }

    @Override
    public Step onAck() {
        Agreement extended = agreement.withExtendedHeaders();
        // Structured replies are a part of them.
        return forUser ? Step.answer(extended, true) : OptionOrder.chooseExport(extended);
    }

    @Override
    public Step onRefusal(Refusal refusal) {
        return forUser ? Step.answer(agreement, false) : OptionOrder.askForStructuredReplies(agreement);
    }
}
