package io.nbd4j.client.internal.negotiation;

import static io.nbd4j.client.internal.negotiation.Conversation.GO;
import static io.nbd4j.client.internal.negotiation.Conversation.GO_ACK;
import static io.nbd4j.client.internal.negotiation.Conversation.GO_EXPORT;
import static io.nbd4j.client.internal.negotiation.Conversation.OPTION;
import static io.nbd4j.client.internal.negotiation.Conversation.REPLY;
import static io.nbd4j.client.internal.negotiation.Conversation.STARTTLS;
import static io.nbd4j.client.internal.negotiation.Conversation.STARTTLS_ACK;
import static io.nbd4j.client.internal.negotiation.Conversation.STRUCTURED_REPLY;
import static io.nbd4j.client.internal.negotiation.Conversation.STRUCTURED_REPLY_ACK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.nbd4j.client.internal.negotiation.Conversation.Outcome;
import io.nbd4j.client.internal.negotiation.NegotiationFailure.TlsFailed;
import io.nbd4j.client.internal.negotiation.NegotiationFailure.Violated;
import java.util.List;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** STARTTLS by a user in option mode, with a layer that encrypts nothing. */
class StartTlsByUserTest {
    private static final ExportWish CONTEXTS = ExportWish.DEFAULT.withMetaContexts(List.of("x-a:b"));
    private static final String SET = OPTION + "0000000a 00000011 00000000 00000001 00000005 'x-a:b' ";
    private static final String SELECTED =
            REPLY + "0000000a 00000004 00000009 00000000 'x-a:b' " + REPLY + "0000000a 00000001 00000000 ";

    private final PlainLayer tls = new PlainLayer();
    private final Outcome<OptionResult.Answer> answer = new Outcome<>();
    private final Outcome<OptionResult.Information> going = new Outcome<>();

    private Conversation asked() {
        Conversation conversation = Conversation.atPause();
        conversation.handler.setMetaContexts("", List.of("x-a:b"), new Outcome<>());
        conversation.client(SET).server(SELECTED);
        assertThat(conversation.agreed().metaContexts()).hasSize(1);
        conversation.handler.useTls(tls);
        conversation.handler.startTls(answer);
        return conversation.client(STARTTLS);
    }

    private Conversation underTls() {
        Conversation conversation = asked().server(STARTTLS_ACK).clientIsSilent();
        assertThat(answer.isOpen()).isTrue();
        tls.up(conversation.channel);
        conversation.channel.runPendingTasks();
        assertThat(answer.value().agreed()).isTrue();
        return conversation;
    }

    @Test
    void forgetsWhatWasAgreedBefore() {
        try (Conversation conversation = underTls()) {
            conversation.clientIsSilent().assertPausedOnce();
            assertThat(conversation.agreed())
                    .isEqualTo(new NegotiationFacts(ProtocolStyle.NEWSTYLE_FIXED, 3, true, false, false, List.of()));
        }
    }

    @Test
    void isFollowedByAnExportWithoutWhatWasForgotten() {
        try (Conversation conversation = underTls()) {
            conversation.handler.go(CONTEXTS, going);
            conversation.client(GO).server(GO_EXPORT, GO_ACK);
            assertThat(going.value().export().structuredReplies()).isFalse();
            assertThat(going.value().export().metaContexts()).isEmpty();
        }
    }

    @Test
    void isFollowedByWhatTheUserAsksForAgain() {
        try (Conversation conversation = underTls()) {
            // When
            Outcome<OptionResult.Answer> structured = new Outcome<>();
            conversation.handler.structuredReplies(structured);
            conversation.client(STRUCTURED_REPLY).server(STRUCTURED_REPLY_ACK);
            conversation.handler.go(CONTEXTS, going);
            conversation.client(SET).server(SELECTED).client(GO).server(GO_EXPORT, GO_ACK);
            // Then
            assertThat(structured.value().agreed()).isTrue();
            assertThat(going.value().export().metaContexts()).hasSize(1);
        }
    }

    @Test
    void isNotAskedForTwice() {
        try (Conversation conversation = underTls()) {
            // When
            Outcome<OptionResult.Answer> again = new Outcome<>();
            conversation.handler.startTls(again);
            // Then
            assertThat(again.value().agreed()).isFalse();
            conversation.clientIsSilent();
            assertThat(conversation.agreed().tls()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"80000001", "80000002", "80000003", "8000007f"})
    void aRefusalChangesNothing(String refusal) {
        try (Conversation conversation = asked()) {
            // When
            conversation.server(REPLY + "00000005", refusal, "00000002 'no'").clientIsSilent();
            // Then
            assertThat(answer.value().agreed()).isFalse();
            assertThat(tls.isStarted()).isFalse();
            assertThat(conversation.agreed().structuredReplies()).isTrue();
            assertThat(conversation.agreed().metaContexts()).hasSize(1);
        }
    }

    @Test
    void clearTextBehindTheAgreementEndsTheConnection() {
        try (Conversation conversation = asked()) {
            conversation.server(STARTTLS_ACK, STRUCTURED_REPLY_ACK);
            conversation.failure(Violated.class);
            assertThat(answer.failure()).isInstanceOf(OptionFailure.Ended.class);
            assertThat(tls.isStarted()).isFalse();
        }
    }

    @Test
    void aTlsHandshakeThatFailsEndsTheConnection() {
        try (Conversation conversation = asked().server(STARTTLS_ACK)) {
            // When
            tls.fails(new SSLException("no"));
            conversation.channel.runPendingTasks();
            // Then
            TlsFailed failed = conversation.failure(TlsFailed.class);
            assertThat(answer.failure()).isEqualTo(new OptionFailure.Ended(failed));
        }
    }

    @Test
    void nothingElseIsSentDuringTheTlsHandshake() {
        try (Conversation conversation = asked().server(STARTTLS_ACK)) {
            conversation.handler.go(CONTEXTS, going);
            assertThat(going.failure()).isInstanceOf(OptionFailure.NotNow.class);
            conversation.clientIsSilent();
            assertThat(answer.isOpen()).isTrue();
        }
    }

    @Test
    void needsSomethingToStartTlsWith() {
        try (Conversation conversation = Conversation.atPause()) {
            assertThat(conversation.handler.hasTls()).isFalse();
            assertThatIllegalStateException().isThrownBy(() -> conversation.handler.startTls(answer));
            conversation.clientIsSilent();
        }
    }
}
