package io.nbd4j.client.internal.negotiation;

import io.nbd4j.client.internal.negotiation.NegotiationAction.CompleteOption;
import io.nbd4j.client.internal.negotiation.NegotiationAction.Fail;
import io.nbd4j.client.internal.negotiation.NegotiationAction.SendOption;
import io.nbd4j.codec.ProtocolViolationException;
import io.nbd4j.codec.handshake.OptionReply.Refusal;
import io.nbd4j.codec.handshake.OptionRequest;
import io.nbd4j.codec.handshake.OptionType;
import java.util.List;
import java.util.stream.Stream;

/** Where an event leads, and what is to be done on the way. */
record Step(NegotiationPhase next, List<NegotiationAction> actions) {
    Step {
        actions = List.copyOf(actions);
    }

    static Step to(NegotiationPhase next, NegotiationAction... actions) {
        return new Step(next, List.of(actions));
    }

    /** Ends the handshake at once: the server broke the rules, went away, or there is no option to end it with. */
    static Step fail(NegotiationFailure failure) {
        return to(new Ended(), new Fail(failure));
    }

    /** Tells the user in option mode whether the server agreed, and waits for the next request. */
    static Step answer(Agreement agreement, boolean agreed) {
        return to(new Paused(agreement), new CompleteOption(new OptionResult.Answer(agreed)));
    }

    static Step violation(String rule) {
        return fail(new NegotiationFailure.Violated(new ProtocolViolationException(rule)));
    }

    /** Ends the handshake as the specification asks for when the server is not to blame: with ABORT. */
    static Step abort(Refusal refusal) {
        return to(
                new Ended(),
                new SendOption(new OptionRequest.Abort()),
                new Fail(new NegotiationFailure.Refused(OptionType.fromWire(refusal.option()), refusal)));
    }

    /** Returns this step with an action before its own. */
    Step after(NegotiationAction first) {
        return new Step(next, Stream.concat(Stream.of(first), actions.stream()).toList());
    }
}
