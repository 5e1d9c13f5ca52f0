package io.nbd4j.client.internal.negotiation;

import io.nbd4j.client.internal.negotiation.NegotiationAction.Fail;
import io.nbd4j.client.internal.negotiation.NegotiationAction.SendOption;
import io.nbd4j.client.internal.negotiation.NegotiationAction.StartTls;
import io.nbd4j.codec.handshake.OptionReply.Refusal;
import io.nbd4j.codec.handshake.OptionRequest;
import io.nbd4j.codec.handshake.OptionType;

/** STARTTLS has been sent, by the handshake itself or by a user in option mode. */
record AwaitingStartTlsAnswer(Agreement agreement, boolean forUser) implements OptionPhase {
    static Step ask(Agreement agreement, boolean forUser) {
        return Step.to(new AwaitingStartTlsAnswer(agreement, forUser), new SendOption(new OptionRequest.StartTls()));
    }

    @Override
    public OptionType option() {
        return OptionType.STARTTLS;
    }

    @Override
    public Step onAck() {
        return Step.to(new AwaitingTls(agreement, forUser), new StartTls());
    }

    @Override
    public Step onRefusal(Refusal refusal) {
        if (agreement.lacksTls()) {
            return Step.to(
                    new Ended(),
                    new SendOption(new OptionRequest.Abort()),
                    new Fail(new NegotiationFailure.TlsUnavailable(Refusals.reason(refusal), refusal)));
        }
        if (forUser) {
            return Step.answer(agreement, false);
        }
        Interrupted interrupted = agreement.interrupted();
        return interrupted == null
                ? OptionOrder.inClear(agreement)
                : AwaitingExportInfo.refused(agreement.withInterrupted(null), interrupted.refusal());
    }
}
