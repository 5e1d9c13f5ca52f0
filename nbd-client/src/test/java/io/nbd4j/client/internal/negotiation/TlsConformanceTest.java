package io.nbd4j.client.internal.negotiation;

import static io.nbd4j.client.internal.negotiation.Conversation.ABORT;
import static io.nbd4j.client.internal.negotiation.Conversation.GO;
import static io.nbd4j.client.internal.negotiation.Conversation.GO_ACK;
import static io.nbd4j.client.internal.negotiation.Conversation.GO_EXPORT;
import static io.nbd4j.client.internal.negotiation.Conversation.GREETING;
import static io.nbd4j.client.internal.negotiation.Conversation.OPTION;
import static io.nbd4j.client.internal.negotiation.Conversation.REPLY;
import static io.nbd4j.client.internal.negotiation.Conversation.STARTTLS;
import static io.nbd4j.client.internal.negotiation.Conversation.STARTTLS_ACK;
import static io.nbd4j.client.internal.negotiation.Conversation.STRUCTURED_REPLY;
import static io.nbd4j.client.internal.negotiation.Conversation.STRUCTURED_REPLY_ACK;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.internal.negotiation.Conversation.Outcome;
import io.nbd4j.client.internal.negotiation.NegotiationFailure.Refused;
import io.nbd4j.client.internal.negotiation.NegotiationFailure.TimedOut;
import io.nbd4j.client.internal.negotiation.NegotiationFailure.TlsFailed;
import io.nbd4j.client.internal.negotiation.NegotiationFailure.TlsUnavailable;
import io.nbd4j.client.internal.negotiation.NegotiationFailure.Violated;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.netty.handler.codec.DecoderException;
import java.time.Duration;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The conformance cases that are about when TLS is started and what is said before and after it, with a layer that encrypts nothing. */
class TlsConformanceTest {
    private static final NegotiationSettings SETTINGS = NegotiationSettings.DEFAULT;
    private static final String OLDSTYLE = "'NBDMAGIC' 0000420281861253 0000000000100000 00000001 00*124";
    private static final String STARTTLS_UNSUP = REPLY + "00000005 80000001 00000000 ";
    private static final String STARTTLS_POLICY = REPLY + "00000005 80000002 00000004 'sure' ";
    private static final String GO_TLS_REQD = REPLY + "00000007 80000005 00000000 ";
    private static final String STRUCTURED_REPLY_TLS_REQD = REPLY + "00000008 80000005 00000000 ";

    private final PlainLayer tls = new PlainLayer();

    private Conversation conversation(TlsPolicy policy) {
        return new Conversation(SETTINGS.withTls(policy), tls);
    }

    private void tlsIsUp(Conversation conversation) {
        tls.up(conversation.channel);
        conversation.channel.runPendingTasks();
    }

    private void tlsFails(Conversation conversation, Throwable cause) {
        tls.fails(cause);
        conversation.channel.runPendingTasks();
    }

    private Conversation underTls(TlsPolicy policy) {
        Conversation conversation = conversation(policy)
                .server(GREETING)
                .client("00000003", STARTTLS)
                .server(STARTTLS_ACK);
        conversation.clientIsSilent();
        tlsIsUp(conversation);
        return conversation;
    }

    @ParameterizedTest
    @ValueSource(strings = {"0000", "0002"})
    void t006WithoutFixedNewstyleThereIsNoTls(String flags) {
        try (Conversation conversation = new Conversation(
                SETTINGS.withTls(TlsPolicy.REQUIRE).withWish(ExportWish.DEFAULT.withExportName("secret")), tls)) {
            // When
            conversation.server("'NBDMAGIC' 'IHAVEOPT'", flags).client("0000", flags);
            // Then
            assertThat(conversation.failure(TlsUnavailable.class).message()).contains("TLS is required", "newstyle");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void t011OldstyleHasNoTls(boolean optionMode) {
        try (Conversation conversation =
                new Conversation(SETTINGS.withTls(TlsPolicy.REQUIRE).withOptionMode(optionMode), tls)) {
            // When
            conversation.server(OLDSTYLE).clientIsSilent();
            // Then
            assertThat(conversation.failure(TlsUnavailable.class).message()).contains("TLS is required", "oldstyle");
            conversation.assertNeverPaused();
        }
    }

    @Test
    void whereTlsIsOnlyAllowedOlderServersDo() {
        try (Conversation oldstyle = conversation(TlsPolicy.ALLOW);
                Conversation newstyle = conversation(TlsPolicy.ALLOW)) {
            // When
            oldstyle.server(OLDSTYLE);
            newstyle.server("'NBDMAGIC' 'IHAVEOPT' 0000")
                    .client("00000000", OPTION + "00000001 00000000")
                    .server("0000000000100000 0d6d 00*124");
            // Then
            assertThat(oldstyle.export().size()).isEqualTo(1 << 20);
            assertThat(newstyle.export().size()).isEqualTo(1 << 20);
        }
    }

    @Test
    void t038AServerThatRequiresTlsIsRefusedWithout() {
        try (Conversation conversation = new Conversation(SETTINGS)) {
            // When
            conversation
                    .server(GREETING)
                    .client("00000003", STRUCTURED_REPLY)
                    .server(STRUCTURED_REPLY_TLS_REQD)
                    .client(GO)
                    .server(GO_TLS_REQD)
                    .client(ABORT);
            // Then
            Refused refused = conversation.failure(Refused.class);
            assertThat(refused.refusal().type()).isEqualTo(OptionReplyType.ERR_TLS_REQD);
            assertThat(refused.message()).contains("TLS is required");
        }
    }

    @Test
    void t039GoThatWantsTlsIsSentAgainUnderTls() {
        try (Conversation conversation = conversation(TlsPolicy.ALLOW)) {
            // Given a server that would not hear of TLS before it knew the export
            conversation
                    .server(GREETING)
                    .client("00000003", STARTTLS)
                    .server(STARTTLS_POLICY)
                    .client(STRUCTURED_REPLY)
                    .server(STRUCTURED_REPLY_ACK)
                    .client(GO);
            // When
            conversation.server(GO_TLS_REQD).client(STARTTLS).server(STARTTLS_ACK);
            tlsIsUp(conversation);
            conversation
                    .client(STRUCTURED_REPLY)
                    .server(STRUCTURED_REPLY_ACK)
                    .client(GO)
                    .server(GO_EXPORT, GO_ACK);
            // Then
            assertThat(conversation.export().structuredReplies()).isTrue();
        }
    }

    @Test
    void t039InOptionModeTheUserSeesOneGo() {
        try (Conversation conversation =
                new Conversation(SETTINGS.withTls(TlsPolicy.ALLOW).withOptionMode(true), tls)) {
            // Given
            conversation
                    .server(GREETING)
                    .client("00000003", STARTTLS)
                    .server(STARTTLS_UNSUP)
                    .client(STRUCTURED_REPLY)
                    .server(STRUCTURED_REPLY_ACK);
            Outcome<OptionResult.Information> refused = new Outcome<>();
            Outcome<OptionResult.Information> agreed = new Outcome<>();
            // When
            conversation.handler.go(ExportWish.DEFAULT, refused);
            conversation
                    .client(GO)
                    .server(GO_TLS_REQD)
                    .client(STARTTLS)
                    .server(STARTTLS_UNSUP)
                    .clientIsSilent();
            conversation.handler.go(ExportWish.DEFAULT, agreed);
            conversation.client(GO).server(GO_TLS_REQD).client(STARTTLS).server(STARTTLS_ACK);
            tlsIsUp(conversation);
            conversation
                    .client(STRUCTURED_REPLY)
                    .server(STRUCTURED_REPLY_ACK)
                    .client(GO)
                    .server(GO_EXPORT, GO_ACK);
            // Then
            assertThat(refused.failure().message()).contains("TLS is required first");
            assertThat(agreed.value().export().size()).isEqualTo(1 << 20);
            conversation.assertPausedOnce();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"ALLOW", "REQUIRE"})
    void t071StartTlsIsTheFirstOption(TlsPolicy policy) {
        try (Conversation conversation = conversation(policy)) {
            conversation.server(GREETING).client("00000003", STARTTLS);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {STARTTLS_UNSUP, STARTTLS_POLICY})
    void t072NothingIsSaidInClearIfTlsIsRequired(String refusal) {
        try (Conversation conversation = conversation(TlsPolicy.REQUIRE)) {
            // When
            conversation
                    .server(GREETING)
                    .client("00000003", STARTTLS)
                    .server(refusal)
                    .client(ABORT);
            // Then
            assertThat(conversation.failure(TlsUnavailable.class).message())
                    .contains("TLS is required", "refused STARTTLS");
            assertThat(tls.isStarted()).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {STARTTLS_UNSUP, STARTTLS_POLICY})
    void t073ItGoesOnInClearIfTlsIsOnlyAllowed(String refusal) {
        try (Conversation conversation = conversation(TlsPolicy.ALLOW)) {
            // When
            conversation
                    .server(GREETING)
                    .client("00000003", STARTTLS)
                    .server(refusal)
                    .client(STRUCTURED_REPLY)
                    .server(STRUCTURED_REPLY_ACK)
                    .client(GO)
                    .server(GO_EXPORT, GO_ACK);
            // Then
            assertThat(conversation.export().size()).isEqualTo(1 << 20);
            assertThat(tls.isStarted()).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"ALLOW", "REQUIRE"})
    void aFailureOfTheTlsHandshakeIsTheEnd(TlsPolicy policy) {
        try (Conversation conversation = conversation(policy)
                .server(GREETING)
                .client("00000003", STARTTLS)
                .server(STARTTLS_ACK)) {
            // When
            SSLException cause = new SSLHandshakeException("not trusted");
            tlsFails(conversation, cause);
            // Then
            conversation.clientIsSilent();
            assertThat(conversation.failure(TlsFailed.class).cause()).isSameAs(cause);
        }
    }

    @Test
    void t076AnEndInTheTlsHandshakeIsAFailureOfTls() {
        try (Conversation conversation = conversation(TlsPolicy.REQUIRE)
                .server(GREETING)
                .client("00000003", STARTTLS)
                .server(STARTTLS_ACK)) {
            // When
            conversation.serverCloses();
            // Then
            assertThat(conversation.failure(TlsFailed.class).message()).contains("closed the connection");
        }
    }

    @Test
    void aTlsHandshakeWithoutAnEndTimesOut() {
        try (Conversation conversation = conversation(TlsPolicy.REQUIRE)
                .server(GREETING)
                .client("00000003", STARTTLS)
                .server(STARTTLS_ACK)) {
            // When
            conversation.pass(Conversation.TIMEOUT);
            // Then
            assertThat(conversation.failure(TimedOut.class).waitingFor()).isEqualTo("the end of the TLS handshake");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {STRUCTURED_REPLY_ACK, "00", GO_EXPORT + GO_ACK})
    void t078ClearTextBehindTheAgreementIsAViolation(String injected) {
        try (Conversation conversation =
                conversation(TlsPolicy.REQUIRE).server(GREETING).client("00000003", STARTTLS)) {
            // When
            conversation.server(STARTTLS_ACK, injected).clientIsSilent();
            // Then
            assertThat(conversation.failure(Violated.class).message()).contains("clear text");
            assertThat(tls.isStarted()).isFalse();
        }
    }

    @Test
    void t079WhatWasAgreedBeforeTlsIsAgreedAnew() {
        try (Conversation conversation = conversation(TlsPolicy.ALLOW)) {
            // Given structured replies that were agreed in clear
            conversation
                    .server(GREETING)
                    .client("00000003", STARTTLS)
                    .server(STARTTLS_UNSUP)
                    .client(STRUCTURED_REPLY)
                    .server(STRUCTURED_REPLY_ACK)
                    .client(GO)
                    .server(GO_TLS_REQD)
                    .client(STARTTLS)
                    .server(STARTTLS_ACK);
            // When the server has none under TLS
            tlsIsUp(conversation);
            conversation
                    .client(STRUCTURED_REPLY)
                    .server(REPLY + "00000008 80000001 00000000")
                    .client(GO)
                    .server(GO_EXPORT, GO_ACK);
            // Then
            assertThat(conversation.export().structuredReplies()).isFalse();
        }
    }

    @Test
    void entersTransmissionUnderTls() {
        try (Conversation conversation = underTls(TlsPolicy.REQUIRE)) {
            // When
            conversation
                    .client(STRUCTURED_REPLY)
                    .server(STRUCTURED_REPLY_ACK)
                    .client(GO)
                    .server(GO_EXPORT, GO_ACK, "01 02");
            // Then
            assertThat(conversation.export().structuredReplies()).isTrue();
            assertThat(conversation.transmission.toByteArray()).containsExactly(1, 2);
            assertThat(conversation.channel.pipeline().names()).startsWith("tls");
        }
    }

    @Test
    void fallsBackToExportNameUnderTls() {
        try (Conversation conversation = underTls(TlsPolicy.REQUIRE)) {
            // When
            conversation
                    .client(STRUCTURED_REPLY)
                    .server(STRUCTURED_REPLY_ACK)
                    .client(GO)
                    .server(REPLY + "00000007 80000001 00000000")
                    .client(OPTION + "00000001 00000000")
                    .server("0000000000100000 0d6d");
            // Then
            assertThat(conversation.export().size()).isEqualTo(1 << 20);
        }
    }

    @Test
    void pausesUnderTlsInOptionMode() {
        try (Conversation conversation =
                new Conversation(SETTINGS.withTls(TlsPolicy.REQUIRE).withOptionMode(true), tls)) {
            // When
            conversation.server(GREETING).client("00000003", STARTTLS).server(STARTTLS_ACK);
            conversation.assertNeverPaused();
            tlsIsUp(conversation);
            conversation.client(STRUCTURED_REPLY).server(STRUCTURED_REPLY_ACK);
            // Then
            conversation.assertPausedOnce();
        }
    }

    @Test
    void t081AnAlertWhereTheFirstAnswerShouldBeIsAFailureOfTls() {
        try (Conversation conversation = underTls(TlsPolicy.REQUIRE)) {
            // When
            conversation
                    .channel
                    .pipeline()
                    .fireExceptionCaught(new DecoderException(new SSLHandshakeException("certificate_required")));
            // Then
            assertThat(conversation.failure(TlsFailed.class).cause()).hasRootCauseMessage("certificate_required");
        }
    }

    @Test
    void t081AnEndWhereTheFirstAnswerShouldBeIsAFailureOfTls() {
        try (Conversation conversation = underTls(TlsPolicy.REQUIRE)) {
            // When
            conversation.serverCloses();
            // Then
            assertThat(conversation.failure(TlsFailed.class).message()).contains("client certificate");
        }
    }

    @Test
    void anEndThatComesLaterIsOne() {
        try (Conversation conversation = underTls(TlsPolicy.REQUIRE)) {
            // When
            conversation.client(STRUCTURED_REPLY).server(STRUCTURED_REPLY_ACK).serverCloses();
            // Then
            conversation.failure(NegotiationFailure.Closed.class);
        }
    }

    @Test
    void abortingInTheTlsHandshakeHangsUp() {
        try (Conversation conversation = conversation(TlsPolicy.REQUIRE)
                .server(GREETING)
                .client("00000003", STARTTLS)
                .server(STARTTLS_ACK)) {
            // When
            conversation.handler.abort(new Outcome<>());
            tlsIsUp(conversation);
            // Then
            conversation.clientIsSilent().pass(Duration.ofSeconds(100));
            conversation.failure(NegotiationFailure.Aborted.class);
        }
    }
}
