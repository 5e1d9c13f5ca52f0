package io.nbd4j.client.conformance;

import static io.nbd4j.client.conformance.Dialogue.ABORT;
import static io.nbd4j.client.conformance.Dialogue.EXPORT_NAME;
import static io.nbd4j.client.conformance.Dialogue.GO;
import static io.nbd4j.client.conformance.Dialogue.GO_ACK;
import static io.nbd4j.client.conformance.Dialogue.GO_ERROR;
import static io.nbd4j.client.conformance.Dialogue.GO_EXPORT;
import static io.nbd4j.client.conformance.Dialogue.GO_INFO;
import static io.nbd4j.client.conformance.Dialogue.GREETING;
import static io.nbd4j.client.conformance.Dialogue.OPTION;
import static io.nbd4j.client.conformance.Dialogue.REPLY;
import static io.nbd4j.client.conformance.Dialogue.STARTTLS;
import static io.nbd4j.client.conformance.Dialogue.STRUCTURED_REPLY;
import static io.nbd4j.client.conformance.Dialogue.STRUCTURED_REPLY_ACK;
import static io.nbd4j.client.conformance.Dialogue.STRUCTURED_REPLY_UNSUPPORTED;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.ExportEntry;
import io.nbd4j.client.ExportInfo;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdException;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdProtocolException;
import io.nbd4j.client.NegotiationRefusedException;
import io.nbd4j.client.TlsMode;
import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.codec.TransmissionFlags;
import io.nbd4j.codec.golden.WireBytes;
import io.nbd4j.codec.handshake.OptionReply;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.nbd4j.codec.handshake.OptionType;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;

/** Section 6.2: the options. The time limit only ends what hangs. */
@Timeout(60)
class OptionsIT {
    private static final int LIST_OPTION = OptionType.LIST.wire();
    private static final String LIST = OPTION + "00000003 00000000 ";
    private static final String LIST_ACK = REPLY + "00000003 00000001 00000000 ";
    private static final String INFO = OPTION + "00000006 00000008 00000000 0001 0003 ";
    private static final String GO_UNSUPPORTED = GO_ERROR + "80000001 00000000 ";

    // ---- GO

    @EachWay
    @TypedBytes
    void t020_goIsAnsweredWithExportAndAck(Way way) {
        try (Dialogue dialogue = Dialogue.atGo(way)) {
            // When
            dialogue.send("0003e889045565a9 00000007 00000003 0000000c 0000 0000000000100000 0ded")
                    .send("0003e889045565a9 00000007 00000001 00000000")
                    .awaitReady();

            // Then
            assertThat(dialogue.nbd.export().size()).isEqualTo(1 << 20);
            assertThat(dialogue.nbd.export().flags()).isEqualTo(new TransmissionFlags(0xded));
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t022_anUnknownInformationIsIgnored(Way way) {
        try (Dialogue dialogue = Dialogue.atGo(way)) {
            dialogue.send(GO_INFO + "0000012e 7777 ab*300")
                    .send(GO_EXPORT)
                    .send(GO_ACK)
                    .awaitReady()
                    .assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t023_anExportOfTheWrongLengthEndsTheConnection(Way way) {
        for (String export : List.of("0000000b 0000 00*9", "0000000d 0000 00*11")) {
            assertDropped(way, GO_INFO + export);
        }
    }

    @EachWay
    @TypedBytes
    void t024_aBlockSizeOfTheWrongLengthEndsTheConnection(Way way) {
        assertDropped(way, GO_INFO + "0000000d 0003 00*11");
    }

    @EachWay
    @TypedBytes
    void t025_anAckWithoutExportEndsTheConnection(Way way) {
        assertDropped(way, GO_ACK);
    }

    @EachWay
    @TypedBytes
    void t027_theEchoOfAnotherOptionEndsTheConnection(Way way) {
        assertDropped(way, REPLY + "00000006 00000003 0000000c 0000 0000000000100000 0ded");
    }

    @EachWay
    @TypedBytes
    void t028_aMagicThatIsOffByOneBitEndsTheConnection(Way way) {
        assertDropped(way, "0003e889045565a8 00000007 00000001 00000000");
    }

    private static void assertDropped(Way way, String answerToGo) {
        try (Dialogue dialogue = Dialogue.atGo(way)) {
            dialogue.send(answerToGo).assertDropped(dialogue.connecting());
        }
    }

    @EachWay
    @TypedBytes
    void t029_exportNameIsTheFallbackForGo(Way way) {
        try (Dialogue dialogue = Dialogue.atGo(way)) {
            // When
            dialogue.send(GO_UNSUPPORTED)
                    .expect(EXPORT_NAME)
                    .send("0000000000100000 0ded")
                    .awaitReady();

            // Then
            assertThat(dialogue.nbd.export().structuredReplies()).isTrue();
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t030_zeroesThatWereAgreedAwayEndTheConnection(Way way) {
        try (Dialogue dialogue = Dialogue.atGo(way)) {
            dialogue.send(GO_UNSUPPORTED)
                    .expect(EXPORT_NAME)
                    .send("0000000000100000 0ded 00*124")
                    .await(dialogue.connecting());
            dialogue.assertGone();
            dialogue.failureOf(dialogue.nbd.pread(512, 0), InvalidRequestException.class);
        }
    }

    @EachWay
    @TypedBytes
    void t032_anEndBehindExportNameIsARefusal(Way way) {
        try (Dialogue dialogue = Dialogue.atGo(way)) {
            // When
            dialogue.send(GO_UNSUPPORTED).expect(EXPORT_NAME).server().hangUp();

            // Then
            NegotiationRefusedException refused =
                    dialogue.failureOf(dialogue.connecting(), NegotiationRefusedException.class);
            assertThat(refused).hasMessageContaining("refused the export ''");
            assertThat(refused.option()).isEqualTo(OptionType.EXPORT_NAME);
        }
    }

    @EachWay
    @TypedBytes
    void t033_theServersWordsAreToldAndTheClientAborts(Way way) {
        try (Dialogue dialogue = Dialogue.atGo(way)) {
            // When
            dialogue.send(GO_ERROR + "80000006 0000000e 'no such export'").expect(ABORT);

            // Then
            NegotiationRefusedException refused =
                    dialogue.failureOf(dialogue.connecting(), NegotiationRefusedException.class);
            assertThat(refused).hasMessageEndingWith("(ERR_UNKNOWN): no such export");
            assertThat(refused.serverMessage()).isEqualTo("no such export");
            assertThat(refused.reason()).isEqualTo(OptionReplyType.ERR_UNKNOWN);
            dialogue.assertGone();
        }
        assertTriesAnotherName(way);
    }

    private static void assertTriesAnotherName(Way way) {
        try (Dialogue dialogue = Dialogue.negotiating(way)) {
            // Given
            NbdFuture<NbdClient> first = dialogue.nbd.negotiation().go();
            dialogue.expect(GO).send(GO_ERROR + "80000006 00000002 'no'");
            dialogue.failureOf(first, NegotiationRefusedException.class);

            // When
            NbdFuture<NbdClient> second =
                    dialogue.nbd.negotiation().exportName("disk").go();
            dialogue.expect(OPTION + "00000007 0000000c 00000004 'disk' 0001 0003")
                    .send(GO_EXPORT)
                    .send(GO_ACK);

            // Then
            dialogue.await(second);
            dialogue.assertWorks();
        }
    }

    @EachWay
    void t034_refusalsAreToldApartAndTheClientAborts(Way way) {
        for (OptionReplyType type : List.of(
                OptionReplyType.ERR_POLICY,
                OptionReplyType.ERR_PLATFORM,
                OptionReplyType.ERR_INVALID,
                OptionReplyType.ERR_TOO_BIG)) {
            try (Dialogue dialogue = Dialogue.atGo(way)) {
                dialogue.send(Says.optionReply(OptionReply.Refusal.of(OptionType.GO.wire(), type, "")))
                        .expect(ABORT);
                NegotiationRefusedException refused =
                        dialogue.failureOf(dialogue.connecting(), NegotiationRefusedException.class);
                assertThat(refused.reason()).isEqualTo(type);
                assertThat(refused).hasMessageContaining(type.name());
                dialogue.assertGone();
            }
        }
    }

    @EachWay
    @TypedBytes
    void t035_anUnknownErrorIsFinal(Way way) {
        try (Dialogue dialogue = Dialogue.atGo(way)) {
            dialogue.send(GO_ERROR + "8000007f 00000003 'why'").expect(ABORT);
            assertThat(dialogue.failureOf(dialogue.connecting(), NegotiationRefusedException.class))
                    .hasMessageEndingWith("error 0x8000007f: why");
            dialogue.assertGone();
        }
    }

    @EachWay
    @TypedBytes
    void t037_theServersWordsAreMadePrintable(Way way) {
        try (Dialogue dialogue = Dialogue.atGo(way)) {
            dialogue.send(GO_ERROR + "80000006 00000006 ff 1b '[2J' 0a").expect(ABORT);
            assertThat(dialogue.failureOf(dialogue.connecting(), NegotiationRefusedException.class))
                    .hasMessageEndingWith(": \uFFFD\\x1b[2J\\n");
            dialogue.assertGone();
        }
    }

    @EachWay
    @TypedBytes
    void t038_aClientWithoutTlsSaysSoWhereTlsIsRequired(Way way) {
        try (Dialogue dialogue = Dialogue.atGo(way)) {
            dialogue.send(GO_ERROR + "80000005 00000000").expect(ABORT);
            NegotiationRefusedException refused =
                    dialogue.failureOf(dialogue.connecting(), NegotiationRefusedException.class);
            assertThat(refused.reason()).isEqualTo(OptionReplyType.ERR_TLS_REQD);
            assertThat(refused).hasMessageContaining("TLS is required first (ERR_TLS_REQD)");
            dialogue.assertGone();
        }
    }

    @EachWay
    void t039_tlsIsStartedWhereTheServerWantsItAndTheClientMay(Way way) throws SSLException {
        try (Dialogue dialogue = Dialogue.connected(way, options -> options.tls(TlsMode.ALLOW, TestTls.options()))) {
            // Given: the server has no TLS to offer before it knows which export is meant
            dialogue.send(GREETING)
                    .expect("00000003" + STARTTLS)
                    .send(REPLY + "00000005 80000002 00000000")
                    .expect(STRUCTURED_REPLY)
                    .send(STRUCTURED_REPLY_ACK)
                    .expect(GO);

            // When
            dialogue.send(GO_ERROR + "80000005 00000000").expect(STARTTLS);
            dialogue.startTls(TestTls.server()).handshake();

            // Then
            dialogue.agree(Export.STRUCTURED).assertWorks();
            assertThat(dialogue.nbd.isTlsActive()).isTrue();
        }
    }

    @EachWay
    @TypedBytes
    void t040_goIsAskedAgainWithBlockSizeWhereTheServerInsists(Way way) {
        try (Dialogue dialogue = Dialogue.connected(way, options -> options.requestBlockSize(false))) {
            // Given
            dialogue.send(GREETING)
                    .expect("00000003" + STRUCTURED_REPLY)
                    .send(STRUCTURED_REPLY_ACK)
                    .expect(OPTION + "00000007 00000006 00000000 0000");

            // When
            String blockSize = GO_INFO + "0000000e 0003 00000010 00010000 00100000";
            dialogue.send(blockSize)
                    .send(GO_ERROR + "80000008 00000000")
                    .expect(GO)
                    .send(blockSize)
                    .send(GO_EXPORT)
                    .send(GO_ACK)
                    .awaitReady();

            // Then
            assertThat(dialogue.nbd.export().constraints()).isEqualTo(new SizeConstraints(16, 65536, 1 << 20));
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t042_anEndlessReplyEndsTheConnection(Way way) {
        assertDropped(way, GO_INFO + "fffffff0 0000");
    }

    /** Of two sizes the last one holds. */
    @EachWay
    @TypedBytes
    void t043_theLastOfTwoSizesHolds(Way way) {
        try (Dialogue dialogue = Dialogue.atGo(way)) {
            dialogue.send(GO_EXPORT)
                    .send(GO_INFO + "0000000c 0000 0000000000200000 0001")
                    .send(GO_ACK)
                    .awaitReady();
            assertThat(dialogue.nbd.export().size()).isEqualTo(2 << 20);
            assertThat(dialogue.nbd.export().flags().bits()).isEqualTo(TransmissionFlags.HAS_FLAGS);
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t044_anUnknownReplyThatIsNoErrorEndsTheConnection(Way way) {
        assertDropped(way, REPLY + "00000007 00000005 00000000");
    }

    @EachWay
    @TypedBytes
    void t045_anUnaskedReplyRightBehindTheAckEndsTheConnection(Way way) {
        try (Dialogue dialogue = Dialogue.atGo(way)) {
            dialogue.send(GO_EXPORT + GO_ACK + "67446698 00000000 0000000000000001")
                    .await(dialogue.connecting());
            dialogue.assertGone();
        }
    }

    @EachWay
    @TypedBytes
    void t047_noTransmissionFlagsEndTheConnection(Way way) {
        assertDropped(way, GO_INFO + "0000000c 0000 0000000000100000 0000" + GO_ACK);
    }

    @EachWay
    @TypedBytes
    void t048_unknownTransmissionFlagsAreIgnored(Way way) {
        try (Dialogue dialogue = Dialogue.atGo(way)) {
            dialogue.send(GO_INFO + "0000000c 0000 0000000000100000 e001")
                    .send(GO_ACK)
                    .awaitReady()
                    .assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t049_dfIsNeverSetWithoutStructuredReplies(Way way) {
        try (Dialogue dialogue = Dialogue.connected(way)) {
            // Given
            dialogue.send(GREETING)
                    .expect("00000003" + STRUCTURED_REPLY)
                    .send(STRUCTURED_REPLY_UNSUPPORTED)
                    .expect(GO)
                    .send(GO_INFO + "0000000c 0000 0000000000100000 0081")
                    .send(GO_ACK)
                    .awaitReady();

            // When // Then
            assertThat(dialogue.nbd.export().canDf()).isFalse();
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t050_fastZeroWithoutWriteZeroesIsNeverUsed(Way way) {
        try (Dialogue dialogue = Dialogue.atGo(way)) {
            // Given
            dialogue.send(GO_INFO + "0000000c 0000 0000000000100000 0801")
                    .send(GO_ACK)
                    .awaitReady();

            // When
            NbdFuture<@Nullable Void> zero = dialogue.nbd.zero(512, 0);
            NbdFuture<@Nullable Void> fastZero = dialogue.nbd.zero(512, 0, CommandFlag.FAST_ZERO);

            // Then
            dialogue.failureOf(zero, InvalidRequestException.class);
            dialogue.failureOf(fastZero, InvalidRequestException.class);
            assertThat(dialogue.nbd.export().canFastZero()).isFalse();
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t052_aSizeThatIsNoPositiveNumberIsRefused(Way way) {
        for (String size : List.of("8000000000000000", "ffffffffffffffff")) {
            try (Dialogue dialogue = Dialogue.atGo(way)) {
                dialogue.send(GO_INFO + "0000000c 0000" + size + "0001").send(GO_ACK);
                assertThat(dialogue.failureOf(dialogue.connecting(), NbdProtocolException.class))
                        .hasMessageContaining("size")
                        .hasMessageContaining(Long.toUnsignedString(Long.parseUnsignedLong(size, 16)));
                dialogue.assertGone();
            }
        }
    }

    // ---- LIST

    @EachWay
    @TypedBytes
    void t053_aListMayBeEmpty(Way way) {
        try (Dialogue dialogue = Dialogue.negotiating(way)) {
            NbdFuture<List<ExportEntry>> list = dialogue.nbd.negotiation().list();
            dialogue.expect(LIST).send(LIST_ACK);
            assertThat(dialogue.await(list)).isEmpty();
        }
    }

    @EachWay
    void t054_namesAndDescriptionsAreDelivered(Way way) {
        // Given
        List<ExportEntry> exports = List.of(
                new ExportEntry("", ""),
                new ExportEntry("a", ""),
                new ExportEntry("n".repeat(4096), ""),
                new ExportEntry("disk", "A disk"));
        try (Dialogue dialogue = Dialogue.negotiating(way)) {
            // When
            NbdFuture<List<ExportEntry>> list = dialogue.nbd.negotiation().list();
            dialogue.expect(LIST);
            exports.forEach(export -> dialogue.send(
                    Says.optionReply(new OptionReply.Server(LIST_OPTION, export.name(), export.description()))));
            dialogue.send(LIST_ACK);

            // Then
            assertThat(dialogue.await(list)).isEqualTo(exports);
        }
    }

    @EachWay
    @TypedBytes
    void t055_aNameLongerThanItsReplyEndsTheConnection(Way way) {
        try (Dialogue dialogue = Dialogue.negotiating(way)) {
            NbdFuture<List<ExportEntry>> list = dialogue.nbd.negotiation().list();
            dialogue.expect(LIST)
                    .send(REPLY + "00000003 00000002 00000006 00000003 'ab'")
                    .assertDropped(list);
        }
    }

    @EachWay
    @TypedBytes
    void t057_aListThatIsRefusedLeavesGoPossible(Way way) {
        try (Dialogue dialogue = Dialogue.negotiating(way)) {
            // Given
            NbdFuture<List<ExportEntry>> list = dialogue.nbd.negotiation().list();
            dialogue.expect(LIST).send(REPLY + "00000003 80000002 00000006 'hidden'");
            assertThat(dialogue.failureOf(list, NegotiationRefusedException.class))
                    .hasMessageContaining("ERR_POLICY")
                    .hasMessageEndingWith(": hidden");

            // When
            NbdFuture<NbdClient> go = dialogue.nbd.negotiation().go();
            dialogue.expect(GO).send(GO_EXPORT).send(GO_ACK);

            // Then
            dialogue.await(go);
            dialogue.assertWorks();
        }
    }

    @EachTransport
    @TypedBytes
    void t058_aListWithoutEndIsCutShort(Way way) {
        try (Dialogue dialogue = Dialogue.negotiating(way)) {
            // Given
            byte[] thousand = WireBytes.parse((REPLY + "00000003 00000002 00000005 00000001 'x'").repeat(1000));
            NbdFuture<List<ExportEntry>> list = dialogue.nbd.negotiation().list();
            dialogue.expect(LIST);

            // When
            int sent = 0;
            while (sent < 1_000_000 && !dialogue.server().hasEnded()) {
                dialogue.send(thousand);
                sent += 1000;
            }

            // Then
            assertThat(dialogue.failureOf(list, NbdProtocolException.class))
                    .hasMessageContaining("the list of exports has no end");
            assertThat(sent).isLessThan(1_000_000);
            dialogue.assertGone();
        }
    }

    // ---- STRUCTURED_REPLY, ABORT, and what holds for all options

    @EachWay
    @TypedBytes
    void t059_simpleRepliesServeWhereStructuredOnesAreUnsupported(Way way) {
        assertGoesOnWithSimpleReplies(way, "80000001 00000000");
    }

    @EachWay
    @TypedBytes
    void t060_simpleRepliesServeWhereStructuredOnesAreRefused(Way way) {
        assertGoesOnWithSimpleReplies(way, "80000002 00000003 'no!'");
        assertGoesOnWithSimpleReplies(way, "80000003 00000000");
    }

    private static void assertGoesOnWithSimpleReplies(Way way, String refusal) {
        try (Dialogue dialogue = Dialogue.connected(way)) {
            // When
            dialogue.send(GREETING)
                    .expect("00000003" + STRUCTURED_REPLY)
                    .send(REPLY + "00000008" + refusal)
                    .expect(GO)
                    .send(GO_EXPORT)
                    .send(GO_ACK)
                    .awaitReady();

            // Then
            assertThat(dialogue.nbd.export().structuredReplies()).isFalse();
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t062_anAbortThatIsRefusedClosesAllTheSame(Way way) {
        try (Dialogue dialogue = Dialogue.negotiating(way)) {
            // When
            NbdFuture<@Nullable Void> abort = dialogue.nbd.negotiation().abort();
            dialogue.expect(ABORT)
                    .send(REPLY + "00000002 80000005 00000000")
                    .server()
                    .expectEnd()
                    .hangUp();

            // Then
            dialogue.await(abort);
            assertThat(dialogue.nbd.isClosed()).isTrue();
        }
    }

    @EachTransport
    @TypedBytes
    void t063_nothingIsSentWhileAnOptionIsOutstanding(Way way) {
        try (Dialogue dialogue = Dialogue.connected(way)) {
            // Given
            dialogue.send(GREETING).expect("00000003" + STRUCTURED_REPLY);

            // When // Then
            dialogue.server().expectSilence(Duration.ofMillis(100));
            dialogue.send(STRUCTURED_REPLY_ACK)
                    .expect(GO)
                    .send(GO_EXPORT)
                    .server()
                    .expectSilence(Duration.ofMillis(100));
            dialogue.send(GO_ACK).awaitReady().assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t064_whatInfoSaysDoesNotBindGo(Way way) {
        try (Dialogue dialogue = Dialogue.negotiating(way)) {
            // Given
            NbdFuture<ExportInfo> info = dialogue.nbd.negotiation().info();
            dialogue.expect(INFO)
                    .send(REPLY + "00000006 00000003 0000000c 0000 0000000000000000 0ded")
                    .send(REPLY + "00000006 00000001 00000000");
            assertThat(dialogue.await(info).size()).isZero();

            // When
            NbdFuture<NbdClient> go = dialogue.nbd.negotiation().go();
            dialogue.expect(GO).send(GO_EXPORT).send(GO_ACK);

            // Then
            assertThat(dialogue.await(go).export().size()).isEqualTo(1 << 20);
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t065_anEndInTheMiddleOfAReplyFailsTheConnect(Way way) {
        for (Map.Entry<String, String> half : Map.of(
                        "within the header", "0003e889 04",
                        "within a message", GO_ERROR + "80000006 00000010 'half'",
                        "within an information", GO_INFO + "0000000c 0000 00")
                .entrySet()) {
            try (Dialogue dialogue = Dialogue.atGo(way)) {
                // When
                dialogue.send(half.getValue()).server().hangUp();

                // Then
                NbdException failure = dialogue.failureOf(
                        dialogue.connecting(), way.transport().failureOf(ConnectionLostException.class));
                assertThat(failure).as(half.getKey()).isNotNull();
                assertThat(dialogue.nbd.isDead()).isTrue();
            }
        }
    }
}
