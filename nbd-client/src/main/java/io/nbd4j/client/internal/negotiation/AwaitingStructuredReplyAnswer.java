package io.nbd4j.client.internal.negotiation;

import io.nbd4j.client.internal.negotiation.NegotiationAction.SendOption;
import io.nbd4j.codec.handshake.OptionReply.Refusal;
import io.nbd4j.codec.handshake.OptionRequest;
import io.nbd4j.codec.handshake.OptionType;

/** STRUCTURED_REPLY has been sent, by the handshake itself or by a user in option mode. */
record AwaitingStructuredReplyAnswer(Agreement agreement, boolean forUser) implements OptionPhase {
    static Step ask(Agreement agreement, boolean forUser) {
        return Step.to(
                new AwaitingStructuredReplyAnswer(agreement, forUser),
                new SendOption(new OptionRequest.StructuredReply()));
    }

    @Override
    public OptionType option() {
        return OptionType.STRUCTURED_REPLY;
    }

    @Override
    public Step onAck() {
        Agreement structured = agreement.withStructuredReplies();
        return forUser ? Step.answer(structured, true) : OptionOrder.chooseExport(structured);
    }

    /**
     * Simple replies do as well, and what was agreed before stays. A server that needs something else first says so again
     * at GO.
     */
    @Override
    public Step onRefusal(Refusal refusal) {
        return forUser ? Step.answer(agreement, false) : OptionOrder.chooseExport(agreement);
    }
}
