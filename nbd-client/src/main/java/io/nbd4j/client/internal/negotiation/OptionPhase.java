package io.nbd4j.client.internal.negotiation;

import io.nbd4j.client.internal.negotiation.NegotiationAction.RefuseOption;
import io.nbd4j.codec.handshake.InfoItem;
import io.nbd4j.codec.handshake.OptionReply;
import io.nbd4j.codec.handshake.OptionReply.Refusal;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.nbd4j.codec.handshake.OptionType;

/** An option has been sent, and no other may be until its final reply. */
sealed interface OptionPhase extends NegotiationPhase
        permits AwaitingStartTlsAnswer,
                AwaitingExtendedHeadersAnswer,
                AwaitingStructuredReplyAnswer,
                AwaitingContextList,
                AwaitingContextSelection,
                AwaitingExportInfo,
                AwaitingList,
                AwaitingAbortAnswer {
    /** Returns the option that is outstanding. */
    OptionType option();

    /** Returns whether a user in option mode is waiting for the option, and not the handshake itself. */
    boolean forUser();

    /** The option succeeded. */
    Step onAck();

    /** The option failed, for any reason but the server's shutdown. */
    Step onRefusal(Refusal refusal);

    default Step onInfo(InfoItem item) {
        return misplaced("INFO");
    }

    default Step onServer(OptionReply.Server server) {
        return misplaced("SERVER");
    }

    default Step onMetaContext(OptionReply.MetaContextReply context) {
        return misplaced("META_CONTEXT");
    }

    @Override
    default String waitingFor() {
        return "the answer to " + option();
    }

    @Override
    default Step onOptionReply(OptionReply reply) {
        if (reply.option() != option().wire()) {
            return NegotiationPhase.super.onOptionReply(reply);
        }
        return switch (reply.kind()) {
            case ACK -> onAck();
            case SERVER -> onServer((OptionReply.Server) reply);
            case INFO -> onInfo(((OptionReply.Info) reply).item());
            case META_CONTEXT -> onMetaContext((OptionReply.MetaContextReply) reply);
            case REFUSAL -> onAnyRefusal((Refusal) reply);
        };
    }

    private Step onAnyRefusal(Refusal refusal) {
        if (refusal.type() != OptionReplyType.ERR_SHUTDOWN || option() == OptionType.ABORT) {
            return onRefusal(refusal);
        }
        // Whatever was asked for, the specification asks for a soft disconnect now.
        Step end = Step.abort(refusal);
        return forUser() ? end.after(new RefuseOption(new OptionFailure.Refused(refusal))) : end;
    }

    private Step misplaced(String replyType) {
        return Step.violation("a reply of type " + replyType + " is no answer to " + option());
    }
}
