package io.nbd4j.client.internal.negotiation;

import io.nbd4j.codec.handshake.OptionReply.Refusal;
import io.nbd4j.codec.handshake.OptionType;

/** STRUCTURED_REPLY has been sent. */
record AwaitingStructuredReplyAnswer(Agreement agreement) implements OptionPhase {
    @Override
    public OptionType option() {
        return OptionType.STRUCTURED_REPLY;
    }

    @Override
    public boolean forUser() {
        return false;
    }

    @Override
    public Step onAck() {
        return OptionOrder.chooseExport(agreement.withStructuredReplies());
    }

    /** Simple replies do as well. A server that needs something else first says so again at GO. */
    @Override
    public Step onRefusal(Refusal refusal) {
        return OptionOrder.chooseExport(agreement);
    }
}
