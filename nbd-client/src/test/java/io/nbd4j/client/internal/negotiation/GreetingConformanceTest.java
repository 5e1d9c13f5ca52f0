package io.nbd4j.client.internal.negotiation;

import static io.nbd4j.client.internal.negotiation.Conversation.GO;
import static io.nbd4j.client.internal.negotiation.Conversation.GO_ACK;
import static io.nbd4j.client.internal.negotiation.Conversation.GO_EXPORT;
import static io.nbd4j.client.internal.negotiation.Conversation.GREETING;
import static io.nbd4j.client.internal.negotiation.Conversation.OPTION;
import static io.nbd4j.client.internal.negotiation.Conversation.STRUCTURED_REPLY;
import static io.nbd4j.client.internal.negotiation.Conversation.STRUCTURED_REPLY_ACK;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.internal.negotiation.NegotiationFailure.Closed;
import io.nbd4j.client.internal.negotiation.NegotiationFailure.NoExportNames;
import io.nbd4j.client.internal.negotiation.NegotiationFailure.TimedOut;
import io.nbd4j.client.internal.negotiation.NegotiationFailure.Violated;
import io.nbd4j.codec.TransmissionFlags;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Conformance cases T001 to T016: the greeting. */
class GreetingConformanceTest {
    private static final NegotiationSettings SETTINGS = NegotiationSettings.DEFAULT;

    @ParameterizedTest
    @CsvSource({"0003,00000003", "0001,00000001", "ffff,00000003", "fffd,00000001"})
    void t001AndT002AnswerFixedNewstyleWithTheFlagsOfBothSides(String server, String client) {
        try (Conversation conversation = new Conversation(SETTINGS)) {
            conversation.server("'NBDMAGIC' 'IHAVEOPT'", server).client(client, STRUCTURED_REPLY);
        }
    }

    @Test
    void sendsOnlyFlagsThatItsUserAllows() {
        // Given
        NegotiationSettings settings = SETTINGS.withHandshakeFlags(1);
        try (Conversation conversation = new Conversation(settings)) {
            conversation.server(GREETING).client("00000001", STRUCTURED_REPLY);
        }
    }

    @Test
    void t004UsesOnlyExportNameWithoutFixedNewstyle() {
        try (Conversation conversation =
                new Conversation(SETTINGS.withWish(ExportWish.DEFAULT.withExportName("disk")))) {
            // When
            conversation
                    .server("'NBDMAGIC' 'IHAVEOPT' 0000")
                    .client("00000000", OPTION + "00000001 00000004 'disk'")
                    .server("0000000000100000 0d6d 00*124")
                    .clientIsSilent();
            // Then
            assertThat(conversation.export())
                    .isEqualTo(new NegotiatedExport(
                            "disk",
                            1 << 20,
                            new TransmissionFlags(0x0d6d),
                            null,
                            false,
                            false,
                            List.of(),
                            ProtocolStyle.NEWSTYLE,
                            null,
                            null));
        }
    }

    @Test
    void t005AcceptsTheShortAnswerToExportName() {
        try (Conversation conversation = new Conversation(SETTINGS)) {
            // When
            conversation
                    .server("'NBDMAGIC' 'IHAVEOPT' 0002")
                    .client("00000002", OPTION + "00000001 00000000")
                    .server("0000000000100000 0d6d");
            // Then
            assertThat(conversation.export().size()).isEqualTo(1 << 20);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"'NBDMAGIX'", "'NBDMAGIC' 'IHAVEOPX'", "'usage: server FILE' 0a"})
    void t007DropsTheConnectionOnAWrongMagic(String greeting) {
        try (Conversation conversation = new Conversation(SETTINGS)) {
            // When
            conversation.server(greeting).clientIsSilent();
            // Then
            conversation.failure(Violated.class);
            assertThat(conversation.received().first()).isEqualTo(Conversation.bytes(greeting));
        }
    }

    @Test
    void quotesWhatAChildWroteThatSpeaksNoNbd() {
        try (Conversation conversation = new Conversation(SETTINGS)) {
            // When
            conversation.server("'bash: nbdkitt: command not found' 0a 1b 'x' 41*300");
            // Then
            conversation.failure(Violated.class);
            assertThat(conversation.received().quote())
                    .startsWith("bash: nbdkitt: command not found\\n\\x1bxAAA")
                    .endsWith("A...");
            assertThat(conversation.received().first()).hasSize(256);
            assertThat(conversation.received().count()).isEqualTo(32 + 3 + 300);
        }
    }

    @Test
    void t009EntersTransmissionBehindAnOldstyleGreeting() {
        try (Conversation conversation = new Conversation(SETTINGS)) {
            // When
            conversation
                    .server("'NBDMAGIC' 0000420281861253 0000000000100000 00000001 00*124")
                    .clientIsSilent();
            // Then
            assertThat(conversation.export().style()).isEqualTo(ProtocolStyle.OLDSTYLE);
            assertThat(conversation.export().transmissionFlags()).isEqualTo(new TransmissionFlags(1));
            assertThat(conversation.export().structuredReplies()).isFalse();
        }
    }

    @Test
    void entersTransmissionBehindAnOldstyleGreetingInOptionModeToo() {
        try (Conversation conversation = new Conversation(SETTINGS.withOptionMode(true))) {
            // When
            conversation.server("'NBDMAGIC' 0000420281861253 0000000000100000 00000001 00*124");
            // Then
            assertThat(conversation.export().size()).isEqualTo(1 << 20);
            conversation.assertNeverPaused();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void t011DropsAnOldstyleServerThatCantBeAskedForTheExport(boolean optionMode) {
        try (Conversation conversation = new Conversation(
                SETTINGS.withWish(ExportWish.DEFAULT.withExportName("disk")).withOptionMode(optionMode))) {
            // When
            conversation
                    .server("'NBDMAGIC' 0000420281861253 0000000000100000 00000001 00*124")
                    .clientIsSilent();
            // Then
            assertThat(conversation.failure(NoExportNames.class).message()).contains("oldstyle", "'disk'");
            conversation.assertNeverPaused();
        }
    }

    @ParameterizedTest
    @CsvSource({"00010001", "80000001", "00000000"})
    void t010DropsAnOldstyleGreetingWithWrongFlags(String flags) {
        try (Conversation conversation = new Conversation(SETTINGS)) {
            conversation.server("'NBDMAGIC' 0000420281861253 0000000000100000", flags, "00*124");
            conversation.failure(Violated.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "'NBDM'", "'NBDMAGIC' 'IHAVEOPT' 00"})
    void t012FailsWhenTheServerClosesBeforeTheGreetingIsWhole(String soFar) {
        try (Conversation conversation = new Conversation(SETTINGS)) {
            // When
            if (!soFar.isEmpty()) {
                conversation.server(soFar);
            }
            conversation.serverCloses();
            // Then
            assertThat(conversation.failure(Closed.class)).isEqualTo(new Closed("the greeting", null));
            assertThat(conversation.received().count()).isEqualTo(Conversation.bytes(soFar).length);
        }
    }

    @Test
    void t014TimesOutWhenTheServerStaysSilent() {
        try (Conversation conversation = new Conversation(SETTINGS)) {
            // When
            conversation.pass(Conversation.TIMEOUT.minusMillis(1));
            assertThat(conversation.failures).isEmpty();
            conversation.pass(Duration.ofMillis(1));
            // Then
            assertThat(conversation.failure(TimedOut.class))
                    .isEqualTo(new TimedOut(Conversation.TIMEOUT, "the greeting"));
        }
    }

    @Test
    void t014TimesOutInTheMiddleOfTheOptions() {
        try (Conversation conversation = new Conversation(SETTINGS)) {
            // When
            conversation.pass(Duration.ofSeconds(6)).server(GREETING).pass(Duration.ofSeconds(4));
            // Then
            assertThat(conversation.failure(TimedOut.class).waitingFor()).isEqualTo("the answer to STRUCTURED_REPLY");
        }
    }

    @Test
    void t016LosesNothingWhenGreetingAndFirstReplyComeTogether() {
        try (Conversation conversation = new Conversation(SETTINGS)) {
            // When
            conversation
                    .server(GREETING, STRUCTURED_REPLY_ACK)
                    .client("00000003", STRUCTURED_REPLY, GO)
                    .server(GO_EXPORT, GO_ACK);
            // Then
            assertThat(conversation.export().structuredReplies()).isTrue();
        }
    }
}
