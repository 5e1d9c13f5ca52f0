package io.nbd4j.client.internal.negotiation;

import static org.assertj.core.api.Assertions.assertThat;

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
import io.nbd4j.client.internal.negotiation.NegotiationEvent.ExportNameSet;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.GoRequested;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.GreetingReceived;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.InfoRequested;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.ListRequested;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.OptionReplyReceived;
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
    private static final Agreement AUTOMATIC = new Agreement(SETTINGS, ProtocolStyle.NEWSTYLE_FIXED, false, true);
    private static final Agreement BY_HAND = new Agreement(OPTION_MODE, ProtocolStyle.NEWSTYLE_FIXED, false, true);
    private static final Agreement NOT_FIXED = new Agreement(OPTION_MODE, ProtocolStyle.NEWSTYLE, true, false);
    private static final ExportDraft DRAFT = ExportDraft.EMPTY.with(512, new TransmissionFlags(1));
    private static final NegotiatedExport EXPORT = new NegotiatedExport(
            "", 512, new TransmissionFlags(1), null, true, false, List.of(), ProtocolStyle.NEWSTYLE_FIXED, null, null);
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
                                new AwaitingStructuredReplyAnswer(
                                        new Agreement(SETTINGS, ProtocolStyle.NEWSTYLE_FIXED, false, false)),
                                new SendClientFlags(new ClientFlags(3)),
                                new SendOption(new OptionRequest.StructuredReply()))),
                transition(
                        "TLS comes first",
                        new AwaitingGreeting(ALLOW),
                        greeting(3),
                        Step.to(
                                new AwaitingStartTlsAnswer(fixed(ALLOW)),
                                new SendClientFlags(new ClientFlags(3)),
                                new SendOption(new OptionRequest.StartTls()))),
                transition(
                        "newstyle has no TLS",
                        new AwaitingGreeting(ALLOW),
                        greeting(0),
                        Step.to(
                                new AwaitingExportNameReply(new Agreement(ALLOW, ProtocolStyle.NEWSTYLE, true, false)),
                                new SendClientFlags(new ClientFlags(0)),
                                new ExpectExportNameReply(true),
                                new SendOption(new OptionRequest.ExportName("")))),
                transition(
                        "TLS agreed",
                        new AwaitingStartTlsAnswer(fixed(REQUIRE)),
                        reply(new OptionReply.Ack(5)),
                        Step.to(new AwaitingTls(fixed(REQUIRE)), new StartTls())),
                transition(
                        "TLS is up: ask for structured replies",
                        new AwaitingTls(fixed(REQUIRE).withStructuredReplies()),
                        new TlsUp(),
                        Step.to(
                                new AwaitingStructuredReplyAnswer(fixed(REQUIRE).withTls()),
                                new SendOption(new OptionRequest.StructuredReply()))),
                transition(
                        "no TLS, but required: ABORT, then fail",
                        new AwaitingStartTlsAnswer(fixed(REQUIRE)),
                        reply(NO_TLS),
                        Step.to(
                                new Ended(),
                                new SendOption(new OptionRequest.Abort()),
                                new Fail(new NegotiationFailure.TlsUnavailable(Refusals.reason(NO_TLS), NO_TLS)))),
                transition(
                        "no TLS, but allowed: go on",
                        new AwaitingStartTlsAnswer(fixed(ALLOW)),
                        reply(NO_TLS),
                        Step.to(
                                new AwaitingStructuredReplyAnswer(fixed(ALLOW)),
                                new SendOption(new OptionRequest.StructuredReply()))),
                transition(
                        "GO wants TLS: STARTTLS",
                        goPhase(fixed(ALLOW), ExportDraft.EMPTY),
                        reply(TLS_FIRST),
                        Step.to(
                                new AwaitingStartTlsAnswer(
                                        fixed(ALLOW).withInterrupted(new Interrupted(OptionType.GO, TLS_FIRST))),
                                new SendOption(new OptionRequest.StartTls()))),
                transition(
                        "GO wanted TLS, and it is up: GO again",
                        new AwaitingStructuredReplyAnswer(fixed(ALLOW)
                                .withInterrupted(new Interrupted(OptionType.GO, TLS_FIRST))
                                .withTls()),
                        reply(new OptionReply.Ack(8)),
                        Step.to(
                                goPhase(fixed(ALLOW).withTls().withStructuredReplies(), ExportDraft.EMPTY),
                                new SendOption(GO))),
                transition(
                        "GO wants TLS, and there is none: its refusal stands",
                        new AwaitingStartTlsAnswer(
                                fixed(ALLOW).withInterrupted(new Interrupted(OptionType.GO, TLS_FIRST))),
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
                                        new Agreement(SETTINGS, ProtocolStyle.NEWSTYLE, true, false)),
                                new SendClientFlags(new ClientFlags(0)),
                                new ExpectExportNameReply(true),
                                new SendOption(new OptionRequest.ExportName("")))),
                transition(
                        "newstyle in option mode: pause",
                        new AwaitingGreeting(OPTION_MODE),
                        greeting(0),
                        Step.to(
                                new Paused(NOT_FIXED),
                                new SendClientFlags(new ClientFlags(0)),
                                new Pause(new NegotiationFacts(ProtocolStyle.NEWSTYLE, false)))),
                transition(
                        "structured replies agreed: GO",
                        new AwaitingStructuredReplyAnswer(
                                new Agreement(SETTINGS, ProtocolStyle.NEWSTYLE_FIXED, false, false)),
                        reply(new OptionReply.Ack(8)),
                        Step.to(goPhase(AUTOMATIC, ExportDraft.EMPTY), new SendOption(GO))),
                transition(
                        "structured replies agreed in option mode: pause",
                        new AwaitingStructuredReplyAnswer(
                                new Agreement(OPTION_MODE, ProtocolStyle.NEWSTYLE_FIXED, false, false)),
                        reply(new OptionReply.Ack(8)),
                        Step.to(
                                new Paused(BY_HAND),
                                new Pause(new NegotiationFacts(ProtocolStyle.NEWSTYLE_FIXED, true)))),
                transition(
                        "information is gathered",
                        goPhase(AUTOMATIC, ExportDraft.EMPTY),
                        reply(new OptionReply.Info(7, new InfoItem.ExportItem(512, new TransmissionFlags(1)))),
                        Step.to(goPhase(AUTOMATIC, DRAFT))),
                transition(
                        "GO agreed",
                        goPhase(AUTOMATIC, DRAFT),
                        reply(new OptionReply.Ack(7)),
                        Step.to(new Ended(), new EnterTransmission(EXPORT))),
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
                        Step.to(new Ended(), new EnterTransmission(EXPORT))),
                transition(
                        "INFO answered",
                        new AwaitingExportInfo(BY_HAND, OptionType.INFO, true, DRAFT),
                        reply(new OptionReply.Ack(6)),
                        Step.to(new Paused(BY_HAND), new CompleteOption(new OptionResult.Information(EXPORT)))),
                transition(
                        "a name is chosen",
                        new Paused(BY_HAND),
                        new ExportNameSet("x"),
                        Step.to(new Paused(BY_HAND.withExportName("x")), new CompleteOption(new OptionResult.Done()))),
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
                new AwaitingStartTlsAnswer(fixed(ALLOW)),
                new AwaitingStartTlsAnswer(fixed(REQUIRE)),
                new AwaitingStartTlsAnswer(
                        fixed(ALLOW.withOptionMode(true)).withInterrupted(new Interrupted(OptionType.INFO, TLS_FIRST))),
                new AwaitingTls(fixed(ALLOW)),
                new AwaitingStructuredReplyAnswer(fixed(REQUIRE).withTls()),
                goPhase(fixed(ALLOW), DRAFT),
                new AwaitingStructuredReplyAnswer(AUTOMATIC),
                new Paused(BY_HAND),
                new Paused(NOT_FIXED),
                goPhase(AUTOMATIC, DRAFT),
                goPhase(BY_HAND, ExportDraft.EMPTY),
                new AwaitingExportInfo(BY_HAND, OptionType.INFO, false, DRAFT),
                new AwaitingList(BY_HAND, ExportList.EMPTY),
                new AwaitingExportNameReply(AUTOMATIC),
                new AwaitingAbortAnswer(),
                new Ended());
    }

    private static List<NegotiationEvent> events() {
        Stream<NegotiationEvent> replies = Stream.of(2, 3, 5, 6, 7, 8, 99)
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
                new GoRequested(),
                new InfoRequested(),
                new ListRequested(),
                new ExportNameSet("x"),
                new AbortRequested());
        return Stream.concat(replies, others).toList();
    }

    private static Agreement fixed(NegotiationSettings settings) {
        return new Agreement(settings, ProtocolStyle.NEWSTYLE_FIXED, false, false);
    }

    private static NegotiationPhase goPhase(Agreement agreement, ExportDraft draft) {
        return new AwaitingExportInfo(agreement, OptionType.GO, true, draft);
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
