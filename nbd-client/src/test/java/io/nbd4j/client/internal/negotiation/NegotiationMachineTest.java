package io.nbd4j.client.internal.negotiation;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.MetaContext;
import io.nbd4j.client.internal.negotiation.NegotiationAction.CompleteOption;
import io.nbd4j.client.internal.negotiation.NegotiationAction.EnterTransmission;
import io.nbd4j.client.internal.negotiation.NegotiationAction.ExpectExportNameReply;
import io.nbd4j.client.internal.negotiation.NegotiationAction.Fail;
import io.nbd4j.client.internal.negotiation.NegotiationAction.Pause;
import io.nbd4j.client.internal.negotiation.NegotiationAction.RefuseOption;
import io.nbd4j.client.internal.negotiation.NegotiationAction.SendClientFlags;
import io.nbd4j.client.internal.negotiation.NegotiationAction.SendOption;
import io.nbd4j.client.internal.negotiation.NegotiationAction.StartTls;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.AbortRequested;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.ChannelClosed;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.ExportNameReplyReceived;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.GreetingReceived;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.OptionReplyReceived;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.OptionRequested;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.TimeOver;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.TlsFailed;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.TlsUp;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.ViolationFound;
import io.nbd4j.codec.ProtocolViolationException;
import io.nbd4j.codec.TransmissionFlags;
import io.nbd4j.codec.handshake.ClientFlags;
import io.nbd4j.codec.handshake.ExportNameReply;
import io.nbd4j.codec.handshake.HandshakeFlags;
import io.nbd4j.codec.handshake.InfoItem;
import io.nbd4j.codec.handshake.InfoType;
import io.nbd4j.codec.handshake.NewstyleGreeting;
import io.nbd4j.codec.handshake.OptionReply;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.nbd4j.codec.handshake.OptionRequest;
import io.nbd4j.codec.handshake.OptionType;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The machine alone: (phase, event) to (phase, actions). */
class NegotiationMachineTest {
    private static final NegotiationSettings SETTINGS = NegotiationSettings.DEFAULT;
    private static final NegotiationSettings OPTION_MODE = SETTINGS.withOptionMode(true);
    private static final Agreement AUTOMATIC = fixed(SETTINGS).withStructuredReplies();
    private static final Agreement BY_HAND = fixed(OPTION_MODE).withStructuredReplies();
    private static final Agreement NOT_FIXED = new Agreement(OPTION_MODE, ProtocolStyle.NEWSTYLE, new ClientFlags(0));
    private static final ExportDraft DRAFT = ExportDraft.EMPTY.with(512, new TransmissionFlags(1));
    private static final NegotiatedExport EXPORT = new NegotiatedExport(
            "", 512, new TransmissionFlags(1), null, true, false, List.of(), ProtocolStyle.NEWSTYLE_FIXED, null, null);
    private static final ExportWish CONTEXTS = ExportWish.DEFAULT.withMetaContexts(List.of("base:allocation"));
    private static final Agreement SELECTING =
            fixed(SETTINGS.withWish(CONTEXTS)).withStructuredReplies();
    private static final ContextSelection NOTHING_YET = new ContextSelection("", List.of());
    private static final ContextSelection SELECTED =
            new ContextSelection("", List.of(new MetaContext(0, "base:allocation")));
    private static final NegotiationSettings EXTENDED = SETTINGS.withExtendedHeaders(true);
    private static final NegotiationSettings ALLOW = SETTINGS.withTls(TlsPolicy.ALLOW);
    private static final NegotiationSettings REQUIRE = SETTINGS.withTls(TlsPolicy.REQUIRE);
    private static final OptionReply.Refusal NO_TLS = OptionReply.Refusal.of(5, OptionReplyType.ERR_POLICY, "no");
    private static final OptionReply.Refusal TLS_FIRST = OptionReply.Refusal.of(7, OptionReplyType.ERR_TLS_REQD, "tls");
    private static final OptionRequest GO = OptionRequest.Go.of("", InfoType.BLOCK_SIZE);
    private static final OptionReply.Refusal UNKNOWN = OptionReply.Refusal.of(7, OptionReplyType.ERR_UNKNOWN, "no");
    private static final Duration LIMIT = Duration.ofSeconds(10);

    static Stream<Arguments> transitions() {
        return Stream.of(
                transition(
                        "fixed newstyle: ask for structured replies",
                        new AwaitingGreeting(SETTINGS),
                        greeting(3),
                        Step.to(
                                new AwaitingStructuredReplyAnswer(fixed(SETTINGS), false),
                                new SendClientFlags(new ClientFlags(3)),
                                new SendOption(new OptionRequest.StructuredReply()))),
                transition(
                        "TLS comes first",
                        new AwaitingGreeting(ALLOW),
                        greeting(3),
                        Step.to(
                                new AwaitingStartTlsAnswer(fixed(ALLOW), false),
                                new SendClientFlags(new ClientFlags(3)),
                                new SendOption(new OptionRequest.StartTls()))),
                transition(
                        "newstyle has no TLS",
                        new AwaitingGreeting(ALLOW),
                        greeting(0),
                        Step.to(
                                new AwaitingExportNameReply(
                                        new Agreement(ALLOW, ProtocolStyle.NEWSTYLE, new ClientFlags(0))),
                                new SendClientFlags(new ClientFlags(0)),
                                new ExpectExportNameReply(true),
                                new SendOption(new OptionRequest.ExportName("")))),
                transition(
                        "TLS agreed",
                        new AwaitingStartTlsAnswer(fixed(REQUIRE), false),
                        reply(new OptionReply.Ack(5)),
                        Step.to(new AwaitingTls(fixed(REQUIRE), false), new StartTls())),
                transition(
                        "TLS is up: ask for structured replies",
                        new AwaitingTls(fixed(REQUIRE).withStructuredReplies(), false),
                        new TlsUp(),
                        Step.to(
                                new AwaitingStructuredReplyAnswer(fixed(REQUIRE).withTls(), false),
                                new SendOption(new OptionRequest.StructuredReply()))),
                transition(
                        "no TLS, but required: ABORT, then fail",
                        new AwaitingStartTlsAnswer(fixed(REQUIRE), false),
                        reply(NO_TLS),
                        Step.to(
                                new Ended(),
                                new SendOption(new OptionRequest.Abort()),
                                new Fail(new NegotiationFailure.TlsUnavailable(Refusals.reason(NO_TLS), NO_TLS)))),
                transition(
                        "no TLS, but allowed: go on",
                        new AwaitingStartTlsAnswer(fixed(ALLOW), false),
                        reply(NO_TLS),
                        Step.to(
                                new AwaitingStructuredReplyAnswer(fixed(ALLOW), false),
                                new SendOption(new OptionRequest.StructuredReply()))),
                transition(
                        "GO wants TLS: STARTTLS",
                        goPhase(fixed(ALLOW), ExportDraft.EMPTY),
                        reply(TLS_FIRST),
                        Step.to(
                                new AwaitingStartTlsAnswer(
                                        fixed(ALLOW).withInterrupted(new Interrupted(OptionType.GO, TLS_FIRST)), false),
                                new SendOption(new OptionRequest.StartTls()))),
                transition(
                        "GO wanted TLS, and it is up: GO again",
                        new AwaitingStructuredReplyAnswer(
                                fixed(ALLOW)
                                        .withInterrupted(new Interrupted(OptionType.GO, TLS_FIRST))
                                        .withTls(),
                                false),
                        reply(new OptionReply.Ack(8)),
                        Step.to(
                                goPhase(fixed(ALLOW).withTls().withStructuredReplies(), ExportDraft.EMPTY),
                                new SendOption(GO))),
                transition(
                        "GO wants TLS, and there is none: its refusal stands",
                        new AwaitingStartTlsAnswer(
                                fixed(ALLOW).withInterrupted(new Interrupted(OptionType.GO, TLS_FIRST)), false),
                        reply(NO_TLS),
                        Step.abort(TLS_FIRST)),
                transition(
                        "GO wants TLS under TLS: ABORT, then fail",
                        goPhase(fixed(ALLOW).withTls(), ExportDraft.EMPTY),
                        reply(TLS_FIRST),
                        Step.abort(TLS_FIRST)),
                transition(
                        "nothing enters the transmission phase without the TLS that is required",
                        goPhase(fixed(REQUIRE), DRAFT),
                        reply(new OptionReply.Ack(7)),
                        Step.fail(new NegotiationFailure.TlsUnavailable(
                                "the handshake came to its end without TLS", null))),
                transition(
                        "newstyle: EXPORT_NAME at once",
                        new AwaitingGreeting(SETTINGS),
                        greeting(0),
                        Step.to(
                                new AwaitingExportNameReply(
                                        new Agreement(SETTINGS, ProtocolStyle.NEWSTYLE, new ClientFlags(0))),
                                new SendClientFlags(new ClientFlags(0)),
                                new ExpectExportNameReply(true),
                                new SendOption(new OptionRequest.ExportName("")))),
                transition(
                        "newstyle in option mode: pause",
                        new AwaitingGreeting(OPTION_MODE),
                        greeting(0),
                        Step.to(new Paused(NOT_FIXED), new SendClientFlags(new ClientFlags(0)), new Pause())),
                transition(
                        "structured replies agreed: GO",
                        new AwaitingStructuredReplyAnswer(fixed(SETTINGS), false),
                        reply(new OptionReply.Ack(8)),
                        Step.to(goPhase(AUTOMATIC, ExportDraft.EMPTY), new SendOption(GO))),
                transition(
                        "structured replies agreed in option mode: pause",
                        new AwaitingStructuredReplyAnswer(fixed(OPTION_MODE), false),
                        reply(new OptionReply.Ack(8)),
                        Step.to(new Paused(BY_HAND), new Pause())),
                transition(
                        "information is gathered",
                        goPhase(AUTOMATIC, ExportDraft.EMPTY),
                        reply(new OptionReply.Info(7, new InfoItem.ExportItem(512, new TransmissionFlags(1)))),
                        Step.to(goPhase(AUTOMATIC, DRAFT))),
                transition(
                        "GO agreed",
                        goPhase(AUTOMATIC, DRAFT),
                        reply(new OptionReply.Ack(7)),
                        Step.to(new Ended(AUTOMATIC), new EnterTransmission(EXPORT))),
                transition(
                        "GO refused: ABORT, then fail",
                        goPhase(AUTOMATIC, DRAFT),
                        reply(UNKNOWN),
                        Step.to(
                                new Ended(),
                                new SendOption(new OptionRequest.Abort()),
                                new Fail(new NegotiationFailure.Refused(OptionType.GO, UNKNOWN)))),
                transition(
                        "GO refused in option mode: pause",
                        goPhase(BY_HAND, DRAFT),
                        reply(UNKNOWN),
                        Step.to(new Paused(BY_HAND), new RefuseOption(new OptionFailure.Refused(UNKNOWN)))),
                transition(
                        "GO unknown: EXPORT_NAME",
                        goPhase(AUTOMATIC, DRAFT),
                        reply(OptionReply.Refusal.of(7, OptionReplyType.ERR_UNSUP, "")),
                        Step.to(
                                new AwaitingExportNameReply(AUTOMATIC),
                                new ExpectExportNameReply(false),
                                new SendOption(new OptionRequest.ExportName("")))),
                transition(
                        "EXPORT_NAME answered",
                        new AwaitingExportNameReply(AUTOMATIC),
                        new ExportNameReplyReceived(new ExportNameReply(512, new TransmissionFlags(1))),
                        Step.to(new Ended(AUTOMATIC), new EnterTransmission(EXPORT))),
                transition(
                        "INFO answered",
                        new AwaitingExportInfo(BY_HAND, OptionType.INFO, DRAFT),
                        reply(new OptionReply.Ack(6)),
                        Step.to(new Paused(BY_HAND), new CompleteOption(new OptionResult.Information(EXPORT)))),
                transition(
                        "extended headers come before structured replies",
                        new AwaitingGreeting(EXTENDED),
                        greeting(3),
                        Step.to(
                                new AwaitingExtendedHeadersAnswer(fixed(EXTENDED), false),
                                new SendClientFlags(new ClientFlags(3)),
                                new SendOption(new OptionRequest.ExtendedHeaders()))),
                transition(
                        "extended headers agreed: GO",
                        new AwaitingExtendedHeadersAnswer(fixed(EXTENDED), false),
                        reply(new OptionReply.Ack(11)),
                        Step.to(goPhase(fixed(EXTENDED).withExtendedHeaders(), ExportDraft.EMPTY), new SendOption(GO))),
                transition(
                        "extended headers refused: ask for structured replies",
                        new AwaitingExtendedHeadersAnswer(fixed(EXTENDED), false),
                        reply(OptionReply.Refusal.of(11, OptionReplyType.ERR_UNSUP, "")),
                        Step.to(
                                new AwaitingStructuredReplyAnswer(fixed(EXTENDED), false),
                                new SendOption(new OptionRequest.StructuredReply()))),
                transition(
                        "TLS is up: ask for extended headers again",
                        new AwaitingTls(fixed(EXTENDED).withExtendedHeaders().withSelection(SELECTED), false),
                        new TlsUp(),
                        Step.to(
                                new AwaitingExtendedHeadersAnswer(
                                        fixed(EXTENDED).withTls(), false),
                                new SendOption(new OptionRequest.ExtendedHeaders()))),
                transition(
                        "contexts are wanted: select them before GO",
                        new AwaitingStructuredReplyAnswer(fixed(SETTINGS.withWish(CONTEXTS)), false),
                        reply(new OptionReply.Ack(8)),
                        Step.to(
                                new AwaitingContextSelection(SELECTING, OptionType.GO, 0, NOTHING_YET),
                                new SendOption(new OptionRequest.SetMetaContext("", CONTEXTS.metaContexts())))),
                transition(
                        "a context is gathered",
                        new AwaitingContextSelection(SELECTING, OptionType.GO, 0, NOTHING_YET),
                        reply(new OptionReply.MetaContextReply(10, 0, "base:allocation")),
                        Step.to(new AwaitingContextSelection(SELECTING, OptionType.GO, 1, SELECTED))),
                transition(
                        "contexts selected: GO",
                        new AwaitingContextSelection(SELECTING, OptionType.GO, 1, SELECTED),
                        reply(new OptionReply.Ack(10)),
                        Step.to(goPhase(SELECTING.withSelection(SELECTED), ExportDraft.EMPTY), new SendOption(GO))),
                transition(
                        "contexts refused: GO without",
                        new AwaitingContextSelection(SELECTING, OptionType.GO, 1, SELECTED),
                        reply(OptionReply.Refusal.of(10, OptionReplyType.ERR_UNSUP, "")),
                        Step.to(goPhase(SELECTING, ExportDraft.EMPTY), new SendOption(GO))),
                transition(
                        "GO refused in option mode: the selection is forgotten",
                        goPhase(BY_HAND.withSelection(SELECTED), DRAFT),
                        reply(UNKNOWN),
                        Step.to(new Paused(BY_HAND), new RefuseOption(new OptionFailure.Refused(UNKNOWN)))),
                transition(
                        "the user selects contexts",
                        new Paused(BY_HAND.withSelection(SELECTED)),
                        new OptionRequested(new UserRequest.SetMetaContexts("", List.of())),
                        Step.to(
                                new AwaitingContextSelection(BY_HAND, null, 0, NOTHING_YET),
                                new SendOption(new OptionRequest.SetMetaContext("", List.of())))),
                transition(
                        "the user's contexts are selected",
                        new AwaitingContextSelection(BY_HAND, null, 1, SELECTED),
                        reply(new OptionReply.Ack(10)),
                        Step.to(
                                new Paused(BY_HAND.withSelection(SELECTED)),
                                new CompleteOption(new OptionResult.Contexts(SELECTED.contexts())))),
                transition(
                        "the user starts TLS",
                        new Paused(BY_HAND),
                        new OptionRequested(new UserRequest.StartTls()),
                        Step.to(
                                new AwaitingStartTlsAnswer(BY_HAND, true),
                                new SendOption(new OptionRequest.StartTls()))),
                transition(
                        "the user's TLS is up: nothing else is agreed",
                        new AwaitingTls(BY_HAND.withSelection(SELECTED), true),
                        new TlsUp(),
                        Step.to(
                                new Paused(fixed(OPTION_MODE).withTls()),
                                new CompleteOption(new OptionResult.Answer(true)))),
                transition(
                        "the user's TLS is refused",
                        new AwaitingStartTlsAnswer(BY_HAND, true),
                        reply(NO_TLS),
                        Step.to(new Paused(BY_HAND), new CompleteOption(new OptionResult.Answer(false)))),
                transition(
                        "ABORT",
                        new Paused(BY_HAND),
                        new AbortRequested(),
                        Step.to(new AwaitingAbortAnswer(), new SendOption(new OptionRequest.Abort()))),
                transition(
                        "the clock does not run in the pause",
                        new Paused(BY_HAND),
                        new TimeOver(LIMIT),
                        Step.to(new Paused(BY_HAND))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("transitions")
    void goesFromPhaseToPhase(String name, NegotiationPhase phase, NegotiationEvent event, Step expected) {
        assertThat(NegotiationMachine.step(phase, event)).isEqualTo(expected);
    }

    @Test
    void isDefinedForEachEventInEachPhase() {
        for (NegotiationPhase phase : phases()) {
            for (NegotiationEvent event : events()) {
                // When
                Step step = NegotiationMachine.step(phase, event);
                // Then
                long ends = step.actions().stream()
                        .filter(action -> action instanceof Fail || action instanceof EnterTransmission)
                        .count();
                assertThat(ends)
                        .as("%s in %s tells the end exactly when it comes", event, phase)
                        .isEqualTo(step.next() instanceof Ended && !(phase instanceof Ended) ? 1 : 0);
                assertThat(step.actions().stream()
                                .filter(SendOption.class::isInstance)
                                .count())
                        .as("%s in %s sends one option at most", event, phase)
                        .isLessThanOrEqualTo(1);
            }
        }
    }

    @Test
    void neverSendsAnOptionWhileOneIsOutstanding() {
        for (NegotiationPhase phase : phases()) {
            for (NegotiationEvent event : events()) {
                boolean mayEndAnOption = event instanceof OptionReplyReceived received
                        && received.reply().isFinal();
                if (phase instanceof OptionPhase && !mayEndAnOption) {
                    assertThat(NegotiationMachine.step(phase, event).actions())
                            .as("%s in %s", event, phase)
                            .noneMatch(SendOption.class::isInstance);
                }
            }
        }
    }

    private static List<NegotiationPhase> phases() {
        return List.of(
                new AwaitingGreeting(SETTINGS),
                new AwaitingStartTlsAnswer(fixed(ALLOW), false),
                new AwaitingStartTlsAnswer(fixed(REQUIRE), false),
                new AwaitingStartTlsAnswer(
                        fixed(ALLOW.withOptionMode(true)).withInterrupted(new Interrupted(OptionType.INFO, TLS_FIRST)),
                        false),
                new AwaitingTls(fixed(ALLOW), false),
                new AwaitingStructuredReplyAnswer(fixed(REQUIRE).withTls(), false),
                goPhase(fixed(ALLOW), DRAFT),
                new AwaitingStructuredReplyAnswer(AUTOMATIC, false),
                new AwaitingStartTlsAnswer(BY_HAND, true),
                new AwaitingTls(BY_HAND, true),
                new AwaitingStructuredReplyAnswer(BY_HAND, true),
                new AwaitingExtendedHeadersAnswer(AUTOMATIC, false),
                new AwaitingExtendedHeadersAnswer(BY_HAND, true),
                new AwaitingContextList(BY_HAND, AwaitingContextList.NOTHING_YET),
                new AwaitingContextSelection(BY_HAND, null, 0, NOTHING_YET),
                new AwaitingContextSelection(AUTOMATIC, OptionType.GO, 0, NOTHING_YET),
                new AwaitingContextSelection(BY_HAND, OptionType.INFO, 0, NOTHING_YET),
                new Paused(BY_HAND),
                new Paused(fixed(ALLOW.withOptionMode(true)).withTls()),
                new Paused(NOT_FIXED),
                goPhase(AUTOMATIC, DRAFT),
                goPhase(BY_HAND, ExportDraft.EMPTY),
                new AwaitingExportInfo(BY_HAND, OptionType.INFO, DRAFT),
                new AwaitingList(BY_HAND, AwaitingList.NOTHING_YET),
                new AwaitingExportNameReply(AUTOMATIC),
                new AwaitingAbortAnswer(),
                new Ended());
    }

    private static List<NegotiationEvent> events() {
        Stream<NegotiationEvent> replies = Stream.of(2, 3, 5, 6, 7, 8, 9, 10, 11, 99)
                .flatMap(option -> Stream.of(
                        new OptionReply.Ack(option),
                        new OptionReply.Server(option, "", ""),
                        new OptionReply.Info(option, new InfoItem.UnknownInfoItem(9)),
                        new OptionReply.MetaContextReply(option, 0, "x:y"),
                        OptionReply.Refusal.of(option, OptionReplyType.ERR_UNSUP, ""),
                        OptionReply.Refusal.of(option, OptionReplyType.ERR_SHUTDOWN, ""),
                        OptionReply.Refusal.of(option, OptionReplyType.ERR_TLS_REQD, ""),
                        OptionReply.Refusal.of(option, OptionReplyType.ERR_BLOCK_SIZE_REQD, ""),
                        new OptionReply.Refusal(option, -1, "")))
                .map(NegotiationMachineTest::reply);
        Stream<NegotiationEvent> others = Stream.of(
                greeting(3),
                greeting(0),
                new ExportNameReplyReceived(new ExportNameReply(512, new TransmissionFlags(1))),
                new ExportNameReplyReceived(new ExportNameReply(512, new TransmissionFlags(0))),
                new ViolationFound(new ProtocolViolationException("broken")),
                new TimeOver(LIMIT),
                new ChannelClosed(null),
                new ChannelClosed(new IOException("reset")),
                new TlsUp(),
                new TlsFailed(null),
                new TlsFailed(new SSLException("no")),
                new OptionRequested(new UserRequest.Go(CONTEXTS)),
                new OptionRequested(new UserRequest.Info(ExportWish.DEFAULT.withExportName("x"))),
                new OptionRequested(new UserRequest.ListExports()),
                new OptionRequested(new UserRequest.StartTls()),
                new OptionRequested(new UserRequest.StructuredReplies()),
                new OptionRequested(new UserRequest.ExtendedHeaders()),
                new OptionRequested(new UserRequest.ListMetaContexts("", List.of())),
                new OptionRequested(new UserRequest.SetMetaContexts("", List.of("base:allocation"))),
                new AbortRequested());
        return Stream.concat(replies, others).toList();
    }

    private static Agreement fixed(NegotiationSettings settings) {
        return new Agreement(settings, ProtocolStyle.NEWSTYLE_FIXED, new ClientFlags(3));
    }

    private static NegotiationPhase goPhase(Agreement agreement, ExportDraft draft) {
        return new AwaitingExportInfo(agreement, OptionType.GO, draft);
    }

    private static NegotiationEvent greeting(int flags) {
        return new GreetingReceived(new NewstyleGreeting(new HandshakeFlags(flags)));
    }

    private static NegotiationEvent reply(OptionReply reply) {
        return new OptionReplyReceived(reply);
    }

    private static Arguments transition(String name, NegotiationPhase phase, NegotiationEvent event, Step expected) {
        return Arguments.of(name, phase, event, expected);
    }
}
