package io.nbd4j.client.internal.negotiation;

import io.nbd4j.client.internal.negotiation.NegotiationEvent.ChannelClosed;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.ExportNameReplyReceived;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.GreetingReceived;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.OptionReplyReceived;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.OptionRequested;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.TimeOver;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.TlsFailed;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.ViolationFound;

/** The handshake as a pure function: no channel, no future, no clock. */
final class NegotiationMachine {
    private NegotiationMachine() {}

    /** Returns the phase before anything has happened. */
    static NegotiationPhase start(NegotiationSettings settings) {
        return new AwaitingGreeting(settings);
    }

    /** Returns where an event leads from a phase. Defined for each event in each phase. */
    static Step step(NegotiationPhase phase, NegotiationEvent event) {
        return switch (event.kind()) {
            case GREETING_RECEIVED -> phase.onGreeting(((GreetingReceived) event).greeting());
            case OPTION_REPLY_RECEIVED -> phase.onOptionReply(((OptionReplyReceived) event).reply());
            case EXPORT_NAME_REPLY_RECEIVED -> phase.onExportNameReply(((ExportNameReplyReceived) event).reply());
            case VIOLATION_FOUND ->
                phase.onViolation(new NegotiationFailure.Violated(((ViolationFound) event).cause()));
            case TIME_OVER -> phase.onTimeOver(((TimeOver) event).after());
            case CHANNEL_CLOSED -> phase.onChannelClosed(((ChannelClosed) event).cause());
            case TLS_UP -> phase.onTlsUp();
            case TLS_FAILED -> phase.onTlsFailed(((TlsFailed) event).cause());
            case OPTION_REQUESTED -> phase.onRequest(((OptionRequested) event).request());
            case ABORT_REQUESTED -> phase.onAbortRequested();
        };
    }
}
