package io.nbd4j.client.internal.negotiation;

import static io.nbd4j.client.internal.negotiation.Conversation.ABORT;
import static io.nbd4j.client.internal.negotiation.Conversation.EXTENDED_HEADERS;
import static io.nbd4j.client.internal.negotiation.Conversation.EXTENDED_HEADERS_ACK;
import static io.nbd4j.client.internal.negotiation.Conversation.GO;
import static io.nbd4j.client.internal.negotiation.Conversation.GO_ACK;
import static io.nbd4j.client.internal.negotiation.Conversation.GO_EXPORT;
import static io.nbd4j.client.internal.negotiation.Conversation.GREETING;
import static io.nbd4j.client.internal.negotiation.Conversation.OPTION;
import static io.nbd4j.client.internal.negotiation.Conversation.REPLY;
import static io.nbd4j.client.internal.negotiation.Conversation.STRUCTURED_REPLY;
import static io.nbd4j.client.internal.negotiation.Conversation.STRUCTURED_REPLY_ACK;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.internal.negotiation.Conversation.Outcome;
import io.nbd4j.client.internal.negotiation.NegotiationFailure.Refused;
import io.nbd4j.codec.TransmissionFlags;
import io.nbd4j.codec.handshake.OptionReplyType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** EXTENDED_HEADERS and STRUCTURED_REPLY, by the handshake itself and by a user in option mode. */
class ExtendedHeadersTest {
    private static final NegotiationSettings SETTINGS = NegotiationSettings.DEFAULT.withExtendedHeaders(true);
    private static final String EXTENDED_HEADERS_REFUSED = REPLY + "0000000b 80000003 00000000 ";
    private static final String STRUCTURED_REPLY_REFUSED = REPLY + "00000008 8000000a 00000000 ";

    private final Outcome<OptionResult.Answer> answer = new Outcome<>();

    private static Conversation pausedWithNothingAgreed() {
        NegotiationSettings settings =
                NegotiationSettings.DEFAULT.withOptionMode(true).withStructuredReplies(false);
        Conversation conversation = new Conversation(settings).server(GREETING).client("00000003");
        conversation.assertPausedOnce();
        return conversation;
    }

    @Test
    void t201AreAskedForInsteadOfStructuredReplies() {
        try (Conversation conversation = new Conversation(SETTINGS)) {
            // When
            conversation
                    .server(GREETING)
                    .client("00000003", EXTENDED_HEADERS)
                    .server(EXTENDED_HEADERS_ACK)
                    .client(GO)
                    .server(GO_EXPORT, GO_ACK);
            // Then
            assertThat(conversation.export().extendedHeaders()).isTrue();
            assertThat(conversation.export().structuredReplies()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"80000001", "80000002", "80000003", "80000004", "80000005", "80000009", "8000007f"})
    void structuredRepliesAreAskedForWhereTheyAreRefused(String refusal) {
        try (Conversation conversation = new Conversation(SETTINGS)) {
            // When
            conversation
                    .server(GREETING)
                    .client("00000003", EXTENDED_HEADERS)
                    .server(REPLY + "0000000b", refusal, "00000004 'sure'")
                    .client(STRUCTURED_REPLY)
                    .server(STRUCTURED_REPLY_ACK)
                    .client(GO)
                    .server(GO_EXPORT, GO_ACK);
            // Then
            assertThat(conversation.export().extendedHeaders()).isFalse();
            assertThat(conversation.export().structuredReplies()).isTrue();
        }
    }

    @Test
    void simpleRepliesDoWhereBothAreRefused() {
        try (Conversation conversation = new Conversation(SETTINGS)) {
            conversation
                    .server(GREETING)
                    .client("00000003", EXTENDED_HEADERS)
                    .server(EXTENDED_HEADERS_REFUSED)
                    .client(STRUCTURED_REPLY)
                    .server(REPLY + "00000008 80000001 00000000")
                    .client(GO)
                    .server(GO_EXPORT, GO_ACK);
            assertThat(conversation.export().extendedHeaders()).isFalse();
            assertThat(conversation.export().structuredReplies()).isFalse();
        }
    }

    @Test
    void areNotAskedForWithoutStructuredReplies() {
        try (Conversation conversation = new Conversation(SETTINGS.withStructuredReplies(false))) {
            conversation.server(GREETING).client("00000003", GO);
        }
    }

    @Test
    void aServerThatIsShuttingDownIsLeft() {
        try (Conversation conversation = new Conversation(SETTINGS)) {
            conversation
                    .server(GREETING)
                    .client("00000003", EXTENDED_HEADERS)
                    .server(REPLY + "0000000b 80000007 00000000")
                    .client(ABORT);
            conversation.failure(Refused.class);
        }
    }

    @Test
    void exportNameIsNoWayOutUnderThem() {
        try (Conversation conversation = new Conversation(SETTINGS)) {
            // When
            conversation
                    .server(GREETING)
                    .client("00000003", EXTENDED_HEADERS)
                    .server(EXTENDED_HEADERS_ACK)
                    .client(GO)
                    .server(REPLY + "00000007 80000001 00000000")
                    .client(ABORT);
            // Then
            assertThat(conversation.failure(Refused.class).refusal().type()).isEqualTo(OptionReplyType.ERR_UNSUP);
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        // Which option is agreed to, which flags the server sets, and which are left.
        "extended headers, 1081, 1081",
        "structured replies, 1081, 0081",
        "nothing, 1081, 0001",
        "extended headers, 0801, 0001",
        "extended headers, 0841, 0841",
    })
    void flagsThatBuildOnWhatWasNotAgreedAreTakenAway(String agreed, String flags, String left) {
        try (Conversation conversation = new Conversation(SETTINGS)) {
            // Given
            conversation.server(GREETING).client("00000003", EXTENDED_HEADERS);
            if (agreed.equals("extended headers")) {
                conversation.server(EXTENDED_HEADERS_ACK);
            } else {
                conversation
                        .server(EXTENDED_HEADERS_REFUSED)
                        .client(STRUCTURED_REPLY)
                        .server(agreed.equals("nothing") ? REPLY + "00000008 80000001 00000000" : STRUCTURED_REPLY_ACK);
            }
            // When
            conversation
                    .client(GO)
                    .server(REPLY + "00000007 00000003 0000000c 0000 0000000000100000", flags)
                    .server(GO_ACK);
            // Then
            assertThat(conversation.export().transmissionFlags())
                    .isEqualTo(new TransmissionFlags(Integer.parseInt(left, 16)));
        }
    }

    @Test
    void aUserAsksForStructuredRepliesAndThenForMore() {
        try (Conversation conversation = pausedWithNothingAgreed()) {
            // When
            conversation.handler.structuredReplies(answer);
            conversation.client(STRUCTURED_REPLY).server(STRUCTURED_REPLY_ACK).clientIsSilent();
            // Then
            assertThat(answer.value().agreed()).isTrue();
            assertThat(conversation.agreed().structuredReplies()).isTrue();
            assertThat(conversation.agreed().extendedHeaders()).isFalse();
            // When
            Outcome<OptionResult.Answer> more = new Outcome<>();
            conversation.handler.extendedHeaders(more);
            conversation.client(EXTENDED_HEADERS).server(EXTENDED_HEADERS_ACK).clientIsSilent();
            // Then
            assertThat(more.value().agreed()).isTrue();
            assertThat(conversation.agreed().extendedHeaders()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {STRUCTURED_REPLY_REFUSED, STRUCTURED_REPLY_ACK})
    void t213ExtendedHeadersStayWhateverIsSaidToStructuredReplies(String reply) {
        try (Conversation conversation = pausedWithNothingAgreed()) {
            // Given
            conversation.handler.extendedHeaders(answer);
            conversation.client(EXTENDED_HEADERS).server(EXTENDED_HEADERS_ACK);
            // When
            Outcome<OptionResult.Answer> structured = new Outcome<>();
            conversation.handler.structuredReplies(structured);
            conversation.client(STRUCTURED_REPLY).server(reply);
            // Then
            assertThat(structured.value().agreed()).isEqualTo(reply.equals(STRUCTURED_REPLY_ACK));
            assertThat(conversation.agreed().extendedHeaders()).isTrue();
            assertThat(conversation.agreed().structuredReplies()).isTrue();
        }
    }

    @Test
    void whatIsAskedForTwiceMayBeRefusedAndStays() {
        try (Conversation conversation = Conversation.atPause()) {
            // When
            conversation.handler.structuredReplies(answer);
            conversation.client(STRUCTURED_REPLY).server(REPLY + "00000008 80000003 00000000");
            // Then
            assertThat(answer.value().agreed()).isFalse();
            assertThat(conversation.agreed().structuredReplies()).isTrue();
            // When
            Outcome<OptionResult.Information> go = new Outcome<>();
            conversation.handler.go(ExportWish.DEFAULT, go);
            conversation.client(GO).server(GO_EXPORT, GO_ACK);
            // Then
            assertThat(go.value().export().structuredReplies()).isTrue();
        }
    }

    @Test
    void aRefusalToTheUserLeavesNothingAgreed() {
        try (Conversation conversation = pausedWithNothingAgreed()) {
            // When
            conversation.handler.extendedHeaders(answer);
            conversation
                    .client(EXTENDED_HEADERS)
                    .server(EXTENDED_HEADERS_REFUSED)
                    .clientIsSilent();
            // Then
            assertThat(answer.value().agreed()).isFalse();
            assertThat(conversation.agreed().extendedHeaders()).isFalse();
            assertThat(conversation.agreed().structuredReplies()).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"00000008", "0000000b"})
    void otherwiseThanByAnAckNothingIsAgreed(String option) {
        try (Conversation conversation = pausedWithNothingAgreed()) {
            // When
            if (option.equals("00000008")) {
                conversation.handler.structuredReplies(answer);
                conversation.client(STRUCTURED_REPLY);
            } else {
                conversation.handler.extendedHeaders(answer);
                conversation.client(EXTENDED_HEADERS);
            }
            conversation.server(REPLY + option, "00000004 0000000b 00000001 'x-a:b!!'");
            // Then
            conversation.failure(NegotiationFailure.Violated.class);
            assertThat(answer.failure()).isInstanceOf(OptionFailure.Ended.class);
        }
    }

    @Test
    void withoutFixedNewstyleNobodyCanBeAsked() {
        try (Conversation conversation = new Conversation(SETTINGS.withOptionMode(true))) {
            // Given
            conversation.server("'NBDMAGIC' 'IHAVEOPT' 0000").client("00000000");
            // When
            conversation.handler.extendedHeaders(answer);
            // Then
            assertThat(answer.failure()).isEqualTo(new OptionFailure.Unsupported("EXTENDED_HEADERS"));
            conversation.clientIsSilent();
        }
    }

    @Test
    void theFallbackToExportNameIsOpenAgainIfTheyWereNotAgreed() {
        try (Conversation conversation = new Conversation(SETTINGS)) {
            conversation
                    .server(GREETING)
                    .client("00000003", EXTENDED_HEADERS)
                    .server(EXTENDED_HEADERS_REFUSED)
                    .client(STRUCTURED_REPLY)
                    .server(STRUCTURED_REPLY_ACK)
                    .client(GO)
                    .server(REPLY + "00000007 80000001 00000000")
                    .client(OPTION + "00000001 00000000")
                    .server("0000000000100000 0001");
            assertThat(conversation.export().structuredReplies()).isTrue();
        }
    }
}
