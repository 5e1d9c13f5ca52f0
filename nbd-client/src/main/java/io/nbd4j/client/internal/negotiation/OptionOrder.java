package io.nbd4j.client.internal.negotiation;

import io.nbd4j.client.internal.negotiation.NegotiationAction.ExpectExportNameReply;
import io.nbd4j.client.internal.negotiation.NegotiationAction.Pause;
import io.nbd4j.client.internal.negotiation.NegotiationAction.SendOption;
import io.nbd4j.codec.handshake.OptionRequest;
import io.nbd4j.codec.handshake.OptionType;

/** The order in which a client asks for options. Each method is one place in it, and goes on where nothing is to ask. */
final class OptionOrder {
    private OptionOrder() {}

    /** The client flags have been sent. */
    static Step begin(Agreement agreement) {
        if (agreement.mayStartTls()) {
            return AwaitingStartTlsAnswer.ask(agreement, false);
        }
        if (agreement.lacksTls()) {
            return Step.fail(new NegotiationFailure.TlsUnavailable(
                    "the server does not negotiate in fixed newstyle, so it can't be asked for TLS", null));
        }
        return inClear(agreement);
    }

    /** The server has no TLS, and need not. */
    static Step inClear(Agreement agreement) {
        return agreement.isFixedNewstyle() ? askForExtendedHeaders(agreement) : chooseExport(agreement);
    }

    /** TLS is up. The server has forgotten what was agreed before. */
    static Step underTls(Agreement agreement) {
        return askForExtendedHeaders(agreement);
    }

    /** They come before structured replies, which they bring along: that saves a question, and a server can insist on them. */
    private static Step askForExtendedHeaders(Agreement agreement) {
        NegotiationSettings settings = agreement.settings();
        return settings.requestStructuredReplies() && settings.requestExtendedHeaders()
                ? AwaitingExtendedHeadersAnswer.ask(agreement, false)
                : askForStructuredReplies(agreement);
    }

    /** There are no extended headers. */
    static Step askForStructuredReplies(Agreement agreement) {
        return agreement.settings().requestStructuredReplies()
                ? AwaitingStructuredReplyAnswer.ask(agreement, false)
                : chooseExport(agreement);
    }

    /** All that holds for the whole connection has been agreed. */
    static Step chooseExport(Agreement agreement) {
        Interrupted interrupted = agreement.interrupted();
        if (interrupted != null) {
            return ask(agreement.withInterrupted(null), interrupted.option());
        }
        return agreement.settings().optionMode() ? Step.to(new Paused(agreement), new Pause()) : go(agreement);
    }

    /** The export is chosen. */
    static Step go(Agreement agreement) {
        return agreement.isFixedNewstyle() ? ask(agreement, OptionType.GO) : exportName(agreement);
    }

    /** It is INFO's or GO's turn. What the server selected for an earlier one it may have forgotten since. */
    static Step ask(Agreement agreement, OptionType infoOrGo) {
        ExportWish wish = agreement.wish();
        boolean selects = wish.requestMetaContexts() && !wish.metaContexts().isEmpty() && agreement.structuredReplies();
        return selects
                ? AwaitingContextSelection.askBefore(agreement, infoOrGo)
                : AwaitingExportInfo.ask(agreement, infoOrGo);
    }

    /** GO is out of the question. */
    static Step exportName(Agreement agreement) {
        return Step.to(
                new AwaitingExportNameReply(agreement),
                new ExpectExportNameReply(agreement.zeroes()),
                new SendOption(new OptionRequest.ExportName(agreement.wish().exportName())));
    }
}
