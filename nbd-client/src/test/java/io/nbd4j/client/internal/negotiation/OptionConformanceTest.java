package io.nbd4j.client.internal.negotiation;

import static io.nbd4j.client.internal.negotiation.Conversation.ABORT;
import static io.nbd4j.client.internal.negotiation.Conversation.GO;
import static io.nbd4j.client.internal.negotiation.Conversation.GO_ACK;
import static io.nbd4j.client.internal.negotiation.Conversation.GO_EXPORT;
import static io.nbd4j.client.internal.negotiation.Conversation.GREETING;
import static io.nbd4j.client.internal.negotiation.Conversation.OPTION;
import static io.nbd4j.client.internal.negotiation.Conversation.REPLY;
import static io.nbd4j.client.internal.negotiation.Conversation.STRUCTURED_REPLY;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.internal.negotiation.NegotiationFailure.Closed;
import io.nbd4j.client.internal.negotiation.NegotiationFailure.ExportNameRefused;
import io.nbd4j.client.internal.negotiation.NegotiationFailure.Refused;
import io.nbd4j.client.internal.negotiation.NegotiationFailure.Violated;
import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.codec.TransmissionFlags;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.nbd4j.codec.handshake.OptionType;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Conformance cases T020 to T065 without option mode: STRUCTURED_REPLY, GO, EXPORT_NAME, ABORT. */
class OptionConformanceTest {
    private static final ExportWish WITHOUT_BLOCK_SIZE = ExportWish.DEFAULT.withRequestBlockSize(false);
    private static final String INFO = REPLY + "00000007 00000003 ";
    private static final String EXPORT_NAME = OPTION + "00000001 00000000 ";
    private static final String GO_UNSUPPORTED = REPLY + "00000007 80000001 00000000 ";

    @Test
    void t020TakesSizeAndFlagsAsSent() {
        try (Conversation conversation = Conversation.atGo()) {
            // When
            conversation.server(GO_EXPORT, GO_ACK).clientIsSilent();
            // Then
            assertThat(conversation.export())
                    .isEqualTo(new NegotiatedExport(
                            "",
                            1 << 20,
                            new TransmissionFlags(0x0ded),
                            null,
                            true,
                            false,
                            List.of(),
                            ProtocolStyle.NEWSTYLE_FIXED,
                            null,
                            null));
        }
    }

    @Test
    void takesEverythingThatQemuTells() {
        // Given
        NegotiationSettings settings = NegotiationSettings.DEFAULT.withWish(
                ExportWish.DEFAULT.withExportName("disk").withFullInfo(true));
        try (Conversation conversation = new Conversation(settings)) {
            // When
            conversation
                    .server(GREETING)
                    .client("00000003", STRUCTURED_REPLY)
                    .server(Conversation.STRUCTURED_REPLY_ACK)
                    .client(OPTION + "00000007 00000010 00000004 'disk' 0003 0003 0001 0002")
                    // Captured from qemu-nbd 7.2.22 -x disk -D 'A disk'.
                    .server(
                            INFO + "00000006 0001 6469736b",
                            INFO + "00000008 0002 41206469736b",
                            INFO + "0000000e 0003 00000001 00001000 02000000",
                            INFO + "0000000c 0000 0000000000100000 0ded",
                            GO_ACK);
            // Then
            assertThat(conversation.export())
                    .isEqualTo(new NegotiatedExport(
                            "disk",
                            1 << 20,
                            new TransmissionFlags(0x0ded),
                            new SizeConstraints(1, 4096, 1 << 25),
                            true,
                            false,
                            List.of(),
                            ProtocolStyle.NEWSTYLE_FIXED,
                            "disk",
                            "A disk"));
        }
    }

    @Test
    void t022IgnoresUnknownInformation() {
        try (Conversation conversation = Conversation.atGo()) {
            conversation.server(INFO + "0000012e 7777 ab*300", GO_EXPORT, GO_ACK);
            assertThat(conversation.export().size()).isEqualTo(1 << 20);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "t023, 0000000b 0000 00*9", // EXPORT of 11
        "t023, 0000000d 0000 00*11", // EXPORT of 13
        "t024, 0000000d 0003 00*11", // BLOCK_SIZE of 13
        "t052, 0000000c 0000 8000000000000000 0001",
        "t052, 0000000c 0000 ffffffffffffffff 0001",
        "t042, fffffff0 0000",
    })
    void t023T024T042AndT052DropOnMalformedInformation(String test, String item) {
        try (Conversation conversation = Conversation.atGo()) {
            conversation.server(INFO + item).clientIsSilent();
            conversation.failure(Violated.class);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // T025: ACK without EXPORT
                GO_ACK,
                INFO + "0000000e 0003 00000001 00001000 02000000 " + GO_ACK,
                // T027: the echo of another option
                REPLY + "00000006 00000001 00000000",
                REPLY + "00000006 80000006 00000000",
                // T028: magic off by one bit
                "0003e889045565a8 00000007 00000001 00000000",
                // T044: unknown type, no error
                REPLY + "00000007 00000005 00000000",
                // T047: transmission flags 0
                INFO + "0000000c 0000 0000000000100000 0000 " + GO_ACK,
                // replies of a type that does not belong to GO
                REPLY + "00000007 00000002 00000004 00000000",
                REPLY + "00000007 00000004 00000005 00000000 'x'",
            })
    void t025T027T028T044AndT047DropOnABrokenRule(String reply) {
        try (Conversation conversation = Conversation.atGo()) {
            conversation.server(reply).clientIsSilent();
            conversation.failure(Violated.class);
        }
    }

    @Test
    void t029FallsBackToExportName() {
        try (Conversation conversation = Conversation.atGo()) {
            // When
            conversation.server(GO_UNSUPPORTED).client(EXPORT_NAME).server("0000000000100000 0ded");
            // Then
            assertThat(conversation.export().size()).isEqualTo(1 << 20);
            assertThat(conversation.export().structuredReplies()).isTrue();
            assertThat(conversation.export().transmissionFlags().has(TransmissionFlags.SEND_DF))
                    .isTrue();
        }
    }

    @Test
    void t030LeavesUnexpectedZeroesToTheTransmissionPhase() {
        try (Conversation conversation = Conversation.atGo()) {
            // When
            conversation.server(GO_UNSUPPORTED).client(EXPORT_NAME).server("0000000000100000 0ded 00*124");
            // Then
            assertThat(conversation.export().size()).isEqualTo(1 << 20);
            assertThat(conversation.transmission.toByteArray()).isEqualTo(new byte[124]);
        }
    }

    @Test
    void t032TakesTheEndOfTheStreamBehindExportNameForARefusal() {
        try (Conversation conversation = new Conversation(
                NegotiationSettings.DEFAULT.withWish(ExportWish.DEFAULT.withExportName("no\u202esuch")))) {
            // When
            conversation.server("'NBDMAGIC' 'IHAVEOPT' 0000").serverCloses();
            // Then
            ExportNameRefused refused = conversation.failure(ExportNameRefused.class);
            assertThat(refused).isEqualTo(new ExportNameRefused("no\u202esuch", null));
            assertThat(refused.message()).contains("'no\\u{202e}such'");
        }
    }

    @Test
    void t033TellsTheServersWordsAndAborts() {
        try (Conversation conversation = Conversation.atGo()) {
            // When: captured from qemu-nbd 7.2.22
            conversation
                    .server(
                            REPLY + "00000007 80000006 0000001b",
                            "6578706f727420276e6f7375636827206e6f742070726573656e74")
                    .client(ABORT);
            // Then
            Refused refused = conversation.failure(Refused.class);
            assertThat(refused.option()).isEqualTo(OptionType.GO);
            assertThat(refused.refusal().type()).isEqualTo(OptionReplyType.ERR_UNKNOWN);
            assertThat(refused.message())
                    .isEqualTo("the server refused GO: it has no export of this name (ERR_UNKNOWN):"
                            + " export 'nosuch' not present");
        }
    }

    @ParameterizedTest
    @EnumSource(
            names = {
                "ERR_POLICY",
                "ERR_PLATFORM",
                "ERR_INVALID",
                "ERR_TOO_BIG",
                "ERR_TLS_REQD",
                "ERR_UNKNOWN",
                "ERR_SHUTDOWN",
                "ERR_BLOCK_SIZE_REQD",
                "ERR_EXT_HEADER_REQD"
            })
    void t034AndT038TellRefusalsApartAndAbort(OptionReplyType type) {
        try (Conversation conversation = Conversation.atGo()) {
            // When
            conversation
                    .server(REPLY + "00000007", Integer.toHexString(type.wire()), "00000000")
                    .client(ABORT);
            // Then
            Refused refused = conversation.failure(Refused.class);
            assertThat(refused.refusal().type()).isEqualTo(type);
            assertThat(refused.message()).contains(type.name());
        }
    }

    @Test
    void t035TakesAnUnknownErrorForAFinalOne() {
        try (Conversation conversation = Conversation.atGo()) {
            // When
            conversation.server(REPLY + "00000007 8000007f 00000003 'why'").client(ABORT);
            // Then
            Refused refused = conversation.failure(Refused.class);
            assertThat(refused.refusal().rawType()).isEqualTo(0x8000007f);
            assertThat(refused.message()).isEqualTo("the server refused GO: error 0x8000007f: why");
        }
    }

    @Test
    void t037SanitisesTheServersWords() {
        try (Conversation conversation = Conversation.atGo()) {
            // When
            conversation
                    .server(REPLY + "00000007 80000006 0000000a ff 1b '[2J' 0a 00 e280ae")
                    .client(ABORT);
            // Then
            assertThat(conversation.failure(Refused.class).message()).endsWith(": \uFFFD\\x1b[2J\\n\\x00\\u{202e}");
        }
    }

    @Test
    void boundsTheServersWords() {
        try (Conversation conversation = Conversation.atGo()) {
            conversation.server(REPLY + "00000007 80000006 00001000 61*4096");
            assertThat(conversation.failure(Refused.class).message())
                    .hasSizeLessThan(1100)
                    .endsWith("aaa...");
        }
    }

    @Test
    void t040AsksAgainWithBlockSizeWhenTheServerInsists() {
        // Given
        NegotiationSettings settings = NegotiationSettings.DEFAULT.withWish(WITHOUT_BLOCK_SIZE);
        try (Conversation conversation = new Conversation(settings)) {
            // When
            conversation
                    .server(GREETING)
                    .client("00000003", STRUCTURED_REPLY)
                    .server(Conversation.STRUCTURED_REPLY_ACK)
                    .client(OPTION + "00000007 00000006 00000000 0000")
                    .server(INFO + "0000000e 0003 00001000 00010000 00100000", REPLY + "00000007 80000008 00000000")
                    .client(GO)
                    .server(INFO + "0000000e 0003 00001000 00010000 00100000", GO_EXPORT, GO_ACK);
            // Then
            assertThat(conversation.export().sizeConstraints()).isEqualTo(new SizeConstraints(4096, 65536, 1 << 20));
        }
    }

    @Test
    void asksForBlockSizeOnlyOnce() {
        // Given
        NegotiationSettings settings =
                NegotiationSettings.DEFAULT.withStructuredReplies(false).withWish(WITHOUT_BLOCK_SIZE);
        try (Conversation conversation = new Conversation(settings)) {
            // When
            conversation
                    .server(GREETING)
                    .client("00000003", OPTION + "00000007 00000006 00000000 0000")
                    .server(REPLY + "00000007 80000008 00000000")
                    .client(GO)
                    .server(REPLY + "00000007 80000008 00000000")
                    .client(ABORT);
            // Then
            assertThat(conversation.failure(Refused.class).refusal().type())
                    .isEqualTo(OptionReplyType.ERR_BLOCK_SIZE_REQD);
        }
    }

    @Test
    void forgetsWhatTheServerSaidBeforeItRefused() {
        // Given
        NegotiationSettings settings =
                NegotiationSettings.DEFAULT.withStructuredReplies(false).withWish(WITHOUT_BLOCK_SIZE);
        try (Conversation conversation = new Conversation(settings)) {
            // When: the size was told in the first attempt only
            conversation.server(GREETING, GO_EXPORT, REPLY + "00000007 80000008 00000000", GO_ACK);
            // Then
            conversation.failure(Violated.class);
        }
    }

    @Test
    void t043TakesTheLastOfTwoSizes() {
        try (Conversation conversation = Conversation.atGo()) {
            conversation.server(GO_EXPORT, INFO + "0000000c 0000 0000000000200000 0001", GO_ACK);
            assertThat(conversation.export().size()).isEqualTo(2 << 20);
            assertThat(conversation.export().transmissionFlags()).isEqualTo(new TransmissionFlags(1));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "00000000 00001000 02000000",
                "00000003 00001000 02000000",
                "00020000 00020000 02000000",
                "00000001 00000100 02000000",
                "00001000 00000800 02000000",
                "00000001 00001000 00000800",
            })
    void ignoresImplausibleBlockSizes(String sizes) {
        try (Conversation conversation = Conversation.atGo()) {
            conversation.server(INFO + "0000000e 0003", sizes, GO_EXPORT, GO_ACK);
            assertThat(conversation.export().sizeConstraints()).isNull();
        }
    }

    @Test
    void t048KeepsUnknownTransmissionFlags() {
        try (Conversation conversation = Conversation.atGo()) {
            conversation.server(INFO + "0000000c 0000 0000000000100000 e001", GO_ACK);
            assertThat(conversation.export().transmissionFlags()).isEqualTo(new TransmissionFlags(0xe001));
        }
    }

    @Test
    void t050DropsFastZeroWithoutWriteZeroes() {
        try (Conversation conversation = Conversation.atGo()) {
            conversation.server(INFO + "0000000c 0000 0000000000100000 0801", GO_ACK);
            assertThat(conversation.export().transmissionFlags()).isEqualTo(new TransmissionFlags(1));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"80000001", "80000002", "80000003", "80000005", "8000000a", "8000007f"})
    void t059AndT060GoOnWithSimpleReplies(String refusal) {
        try (Conversation conversation = new Conversation(NegotiationSettings.DEFAULT)) {
            // When
            conversation
                    .server(GREETING)
                    .client("00000003", STRUCTURED_REPLY)
                    .server(REPLY + "00000008", refusal, "00000000")
                    .client(GO)
                    .server(GO_EXPORT, GO_ACK);
            // Then
            assertThat(conversation.export().structuredReplies()).isFalse();
            assertThat(conversation.export().transmissionFlags().has(TransmissionFlags.SEND_DF))
                    .as("SEND_DF means nothing without structured replies")
                    .isFalse();
        }
    }

    @Test
    void doesNotAskForStructuredRepliesThatNobodyWants() {
        // Given
        NegotiationSettings settings = NegotiationSettings.DEFAULT.withStructuredReplies(false);
        try (Conversation conversation = new Conversation(settings)) {
            // Then
            conversation.server(GREETING).client("00000003", GO);
        }
    }

    @Test
    void disconnectsSoftlyWhenTheServerShutsDown() {
        try (Conversation conversation = new Conversation(NegotiationSettings.DEFAULT)) {
            // When
            conversation
                    .server(GREETING)
                    .client("00000003", STRUCTURED_REPLY)
                    .server(REPLY + "00000008 80000007 00000000")
                    .client(ABORT);
            // Then
            assertThat(conversation.failure(Refused.class).option()).isEqualTo(OptionType.STRUCTURED_REPLY);
        }
    }

    @Test
    void t063SendsNothingWhileAnOptionIsOutstanding() {
        try (Conversation conversation = new Conversation(NegotiationSettings.DEFAULT)) {
            conversation
                    .server(GREETING)
                    .client("00000003", STRUCTURED_REPLY)
                    .pass(Duration.ofSeconds(2))
                    .clientIsSilent()
                    .server(Conversation.STRUCTURED_REPLY_ACK)
                    .client(GO)
                    .pass(Duration.ofSeconds(2))
                    .server(GO_EXPORT)
                    .clientIsSilent()
                    .server(GO_ACK)
                    .pass(Duration.ofDays(1))
                    .clientIsSilent();
            assertThat(conversation.export()).isNotNull();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"0003e889", REPLY + "00000007 80000006 00000010 'half'", INFO + "0000000c 0000 00"})
    void t065FailsWhenTheServerClosesInTheMiddleOfAReply(String half) {
        try (Conversation conversation = Conversation.atGo()) {
            conversation.server(half).serverCloses().clientIsSilent();
            assertThat(conversation.failure(Closed.class)).isEqualTo(new Closed("the answer to GO", null));
        }
    }

    @Test
    void hangsUpOnAReplyThatNobodyAskedFor() {
        try (Conversation conversation = new Conversation(NegotiationSettings.DEFAULT)) {
            conversation.server("'NBDMAGIC' 'IHAVEOPT' 0003", GO_ACK);
            assertThat(conversation.failure(Violated.class).message()).contains("STRUCTURED_REPLY");
        }
    }

    @Test
    void worksForEverySplitOfTheServersBytes() {
        for (int step = 1; step <= 80; step++) {
            // Given
            try (Conversation conversation = new Conversation(NegotiationSettings.DEFAULT, step)) {
                // When
                conversation
                        .server(GREETING)
                        .client("00000003", STRUCTURED_REPLY)
                        .server(Conversation.STRUCTURED_REPLY_ACK)
                        .client(GO)
                        .server(INFO + "00000008 7777 ab*6", GO_EXPORT, GO_ACK, "67446698 00*12 'tail'");
                // Then
                assertThat(conversation.export().size())
                        .as("pieces of %d", step)
                        .isEqualTo(1 << 20);
                assertThat(conversation.transmission.toByteArray())
                        .as("behind the handshake in pieces of %d", step)
                        .isEqualTo(Conversation.bytes("67446698 00*12 'tail'"));
                assertThat(conversation.channel.pipeline().get(NegotiationHandler.class))
                        .isNull();
            }
        }
    }

    @Test
    void fallsBackForEverySplitOfTheServersBytes() {
        for (int step = 1; step <= 160; step++) {
            try (Conversation conversation = new Conversation(NegotiationSettings.DEFAULT, step)) {
                conversation
                        .server("'NBDMAGIC' 'IHAVEOPT' 0001")
                        .client("00000001", STRUCTURED_REPLY)
                        .server(Conversation.STRUCTURED_REPLY_ACK)
                        .client(GO)
                        .server(GO_UNSUPPORTED)
                        .client(EXPORT_NAME)
                        .server("0000000000100000 0d6d 00*124 'tail'");
                assertThat(conversation.export().size()).isEqualTo(1 << 20);
                assertThat(conversation.transmission.toByteArray()).isEqualTo(Conversation.bytes("'tail'"));
            }
        }
    }
}
