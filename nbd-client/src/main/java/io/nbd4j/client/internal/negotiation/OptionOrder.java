package io.nbd4j.client.internal.negotiation;

import io.nbd4j.client.internal.negotiation.NegotiationAction.ExpectExportNameReply;
import io.nbd4j.client.internal.negotiation.NegotiationAction.Pause;
import io.nbd4j.client.internal.negotiation.NegotiationAction.SendOption;
import io.nbd4j.codec.handshake.OptionRequest;

/** The order in which a client asks for options. Each method is one place in it, and goes on where nothing is to ask. */
final class OptionOrder {
    private OptionOrder() {}

    /** The client flags have been sent. */
    static Step begin(Agreement agreement) {
        if (agreement.mayStartTls()) {
            return AwaitingStartTlsAnswer.ask(agreement);
        }
        if (agreement.lacksTls()) {
            return Step.fail(new NegotiationFailure.TlsUnavailable(
                    "the server does not negotiate in fixed newstyle, so it can't be asked for TLS", null));
        }
        return inClear(agreement);
    }

    /** The server has no TLS, and need not. */
    static Step inClear(Agreement agreement) {
        return agreement.isFixedNewstyle() ? askForStructuredReplies(agreement) : chooseExport(agreement);
    }

    /** TLS is up. The server has forgotten what was agreed before. */
    static Step underTls(Agreement agreement) {
        return askForStructuredReplies(agreement);
    }

    private static Step askForStructuredReplies(Agreement agreement) {
        return agreement.settings().requestStructuredReplies()
                ? Step.to(
                        new AwaitingStructuredReplyAnswer(agreement),
                        new SendOption(new OptionRequest.StructuredReply()))
                : chooseExport(agreement);
    }

    /** All that holds for the whole connection has been agreed. */
    static Step chooseExport(Agreement agreement) {
        Interrupted interrupted = agreement.interrupted();
        if (interrupted != null) {
            return AwaitingExportInfo.askAgain(agreement.withInterrupted(null), interrupted.option());
        }
        return agreement.settings().optionMode()
                ? Step.to(
                        new Paused(agreement),
                        new Pause(new NegotiationFacts(agreement.style(), agreement.structuredReplies())))
                : go(agreement);
    }

    /** The export is chosen. */
    static Step go(Agreement agreement) {
        return agreement.isFixedNewstyle() ? AwaitingExportInfo.askToGo(agreement) : exportName(agreement);
    }

    /** GO is out of the question. */
    static Step exportName(Agreement agreement) {
        return Step.to(
                new AwaitingExportNameReply(agreement),
                new ExpectExportNameReply(agreement.zeroes()),
                new SendOption(new OptionRequest.ExportName(agreement.settings().exportName())));
    }
}
