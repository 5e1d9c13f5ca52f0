package io.nbd4j.client.internal.negotiation;

import io.nbd4j.client.internal.negotiation.NegotiationAction.CompleteOption;
import io.nbd4j.client.internal.negotiation.NegotiationAction.Fail;
import io.nbd4j.codec.handshake.OptionReply.Refusal;
import io.nbd4j.codec.handshake.OptionType;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The user ended the negotiation and ABORT has been sent. Whatever the server makes of it, this is the end. */
record AwaitingAbortAnswer() implements OptionPhase {
    @Override
    public OptionType option() {
        return OptionType.ABORT;
    }

    @Override
    public boolean forUser() {
        return true;
    }

    @Override
    public Step onAck() {
        return end();
    }

    @Override
    public Step onRefusal(Refusal refusal) {
        return end();
    }

    @Override
    public Step onChannelClosed(@Nullable Throwable cause) {
        return end();
    }

    @Override
    public Step onTlsFailed(@Nullable Throwable cause) {
        return end();
    }

    @Override
    public Step onTimeOver(Duration after) {
        return end();
    }

    @Override
    public Step onViolation(NegotiationFailure.Violated violated) {
        return end();
    }

    @Override
    public Step onAbortRequested() {
        return end();
    }

    private static Step end() {
        return Step.to(
                new Ended(), new CompleteOption(new OptionResult.Done()), new Fail(new NegotiationFailure.Aborted()));
    }
}
