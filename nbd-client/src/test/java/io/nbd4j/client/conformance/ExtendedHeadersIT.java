package io.nbd4j.client.conformance;

import static io.nbd4j.client.conformance.Dialogue.ABORT;
import static io.nbd4j.client.conformance.Dialogue.EXTENDED_HEADERS;
import static io.nbd4j.client.conformance.Dialogue.EXTENDED_HEADERS_ACK;
import static io.nbd4j.client.conformance.Dialogue.GO;
import static io.nbd4j.client.conformance.Dialogue.GO_ACK;
import static io.nbd4j.client.conformance.Dialogue.GO_ERROR;
import static io.nbd4j.client.conformance.Dialogue.GO_EXPORT;
import static io.nbd4j.client.conformance.Dialogue.GO_INFO;
import static io.nbd4j.client.conformance.Dialogue.GREETING;
import static io.nbd4j.client.conformance.Dialogue.OPTION;
import static io.nbd4j.client.conformance.Dialogue.REPLY;
import static io.nbd4j.client.conformance.Dialogue.STRUCTURED_REPLY;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.BlockStatus;
import io.nbd4j.client.Extent;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.MetaContext;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.Negotiation;
import io.nbd4j.client.NegotiationRefusedException;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.List;
import org.junit.jupiter.api.Timeout;

/** Section 6.7: extended headers. The time limit only ends what hangs. */
@Timeout(60)
class ExtendedHeadersIT {
    /** Starts an extended request. */
    private static final String REQUEST = "21e41c71 ";
    /** Starts an extended chunk. */
    private static final String CHUNK = "6e8a278c ";
    /** One TiB, with all flags, and a choice of contexts. */
    private static final String LARGE_EXPORT = GO_INFO + "0000000c 0000 0000010000000000 1ded ";

    private static final String SET = OPTION + "0000000a 0000001b 00000000 00000001 0000000f 'base:allocation' ";
    private static final String SELECTED =
            REPLY + "0000000a 00000004 00000013 00000005 'base:allocation' " + REPLY + "0000000a 00000001 00000000 ";

    /** Starts a dialogue in the transmission phase, with extended headers. */
    private static Dialogue ready(Way way, String export) {
        return Dialogue.connected(way, options -> options.extendedHeaders(true))
                .send(GREETING)
                .expect("00000003" + EXTENDED_HEADERS)
                .send(EXTENDED_HEADERS_ACK)
                .expect(GO)
                .send(export + GO_ACK)
                .awaitReady();
    }

    /** Starts a dialogue in the transmission phase, with extended headers, and base:allocation by the number 5. */
    private static Dialogue readyForStatus(Way way, String export) {
        return Dialogue.connected(
                        way, options -> options.extendedHeaders(true).metaContexts(MetaContext.BASE_ALLOCATION))
                .send(GREETING)
                .expect("00000003" + EXTENDED_HEADERS)
                .send(EXTENDED_HEADERS_ACK)
                .expect(SET)
                .send(SELECTED)
                .expect(GO)
                .send(export + GO_ACK)
                .awaitReady();
    }

    @EachWay
    @TypedBytes
    void t201_eachRequestHasAnExtendedHeader(Way way) {
        try (Dialogue dialogue = ready(way, GO_EXPORT)) {
            NbdFuture<Void> write = dialogue.nbd.pwrite(Unpooled.wrappedBuffer(new byte[] {1, 2, 3, 4}), 0x1000);
            dialogue.expect(REQUEST + "0020 0001");
            String cookie = dialogue.server().readHex(8);
            dialogue.expect("0000000000001000 0000000000000004 01020304")
                    .send(CHUNK + "0001 0000" + cookie + "0000000000001000 0000000000000000");
            dialogue.await(write);

            NbdFuture<Void> flush = dialogue.nbd.flush();
            dialogue.expect(REQUEST + "0000 0003");
            cookie = dialogue.server().readHex(8);
            dialogue.expect("0000000000000000 0000000000000000")
                    .send(CHUNK + "0001 0000" + cookie + "0000000000000000 0000000000000000");
            dialogue.await(flush);

            // A read, without the flag of a payload.
            dialogue.assertWorks();

            NbdFuture<Void> closed = dialogue.nbd.closeAsync();
            dialogue.expect(REQUEST + "0000 0002");
            dialogue.server().readHex(8);
            dialogue.expect("0000000000000000 0000000000000000").server().expectEnd();
            dialogue.server().close();
            dialogue.await(closed);
        }
    }

    @EachWay
    @TypedBytes
    void t202_noneEndsTheAnswerToAWrite(Way way) {
        try (Dialogue dialogue = ready(way, GO_EXPORT)) {
            // Given
            NbdFuture<Void> write = dialogue.nbd.pwrite(Unpooled.wrappedBuffer(new byte[] {7}), 0x1234);
            dialogue.expect(REQUEST + "0020 0001");
            String cookie = dialogue.server().readHex(8);

            // When
            dialogue.expect("0000000000001234 0000000000000001 07")
                    .send(CHUNK + "0001 0000" + cookie + "0000000000001234 0000000000000000");

            // Then
            dialogue.await(write);
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t203_compactRepliesEndTheConnection(Way way) {
        for (String reply : List.of("67446698 00000005 %s", "668e33ef 0001 0000 %s 00000000")) {
            try (Dialogue dialogue = ready(way, GO_EXPORT)) {
                // Given
                NbdFuture<Void> flush = dialogue.nbd.flush();
                dialogue.expect(REQUEST + "0000 0003");
                String cookie = dialogue.server().readHex(8);
                dialogue.expect("0000000000000000 0000000000000000");

                // When // Then
                dialogue.send(reply.formatted(cookie)).assertDropped(flush);
            }
        }
    }

    @EachWay
    @TypedBytes
    void t204_anOffsetThatIsNotThatOfTheRequestEndsTheConnection(Way way) {
        try (Dialogue dialogue = ready(way, GO_EXPORT)) {
            // Given
            NbdFuture<ByteBuf> read = dialogue.nbd.pread(16, 0x1000);
            dialogue.expect(REQUEST + "0000 0000");
            String cookie = dialogue.server().readHex(8);
            dialogue.expect("0000000000001000 0000000000000010");

            // When // Then
            dialogue.send(CHUNK + "0001 0001" + cookie + "0000000000001001 0000000000000018")
                    .send("0000000000001000 'sixteen bytes...'")
                    .assertDropped(read);
        }
    }

    @EachWay
    @TypedBytes
    void t206_aCountThatIsNotThatOfTheExtentsEndsTheConnection(Way way) {
        try (Dialogue dialogue = readyForStatus(way, GO_EXPORT)) {
            // Given
            NbdFuture<BlockStatus> status = dialogue.nbd.blockStatus(0x1000, 0);
            dialogue.expect(REQUEST + "0000 0007");
            String cookie = dialogue.server().readHex(8);
            dialogue.expect("0000000000000000 0000000000001000");

            // When // Then
            dialogue.send(CHUNK + "0001 0006" + cookie + "0000000000000000 0000000000000028")
                    .send("00000005 00000003")
                    .send("0000000000000800 0000000000000000 0000000000000800 0000000000000001")
                    .assertDropped(status);
        }
    }

    @EachWay
    @TypedBytes
    void t207_extentsOfMoreThan4Gib(Way way) {
        try (Dialogue dialogue = readyForStatus(way, LARGE_EXPORT)) {
            // Given
            NbdFuture<BlockStatus> status = dialogue.nbd.blockStatus(0x10000000000L, 0);
            dialogue.expect(REQUEST + "0000 0007");
            String cookie = dialogue.server().readHex(8);
            dialogue.expect("0000000000000000 0000010000000000");

            // When
            dialogue.send(CHUNK + "0000 0006" + cookie + "0000000000000000 0000000000000028")
                    .send("00000005 00000002")
                    .send("0000000180000000 0000000000000000 000000fe80000000 0000000000000003")
                    .send(CHUNK + "0001 0000" + cookie + "0000000000000000 0000000000000000");

            // Then
            assertThat(dialogue.await(status).extents(MetaContext.BASE_ALLOCATION))
                    .containsExactly(new Extent(0, 0x180000000L, 0), new Extent(0x180000000L, 0xfe80000000L, 3));
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t208_aChunkOf2To40BytesEndsTheConnection(Way way) {
        for (String type : List.of("0001", "0006", "8001")) {
            try (Dialogue dialogue = ready(way, GO_EXPORT)) {
                // Given
                NbdFuture<ByteBuf> read = dialogue.nbd.pread(16, 0x1000);
                dialogue.expect(REQUEST + "0000 0000");
                String cookie = dialogue.server().readHex(8);
                dialogue.expect("0000000000001000 0000000000000010");

                // When // Then
                dialogue.send(CHUNK + "0000" + type + cookie + "0000000000001000 0000010000000000")
                        .assertDropped(read);
            }
        }
    }

    @EachWay
    @TypedBytes
    void t209_zeroesOf6GibAreOneRequest(Way way) {
        try (Dialogue dialogue = ready(way, LARGE_EXPORT)) {
            // Given
            NbdFuture<Void> zero = dialogue.nbd.zero(6L << 30, 0x1000);

            // When
            dialogue.expect(REQUEST + "0000 0006");
            String cookie = dialogue.server().readHex(8);
            dialogue.expect("0000000000001000 0000000180000000")
                    .send(CHUNK + "0001 0000" + cookie + "0000000000001000 0000000000000000");

            // Then
            dialogue.await(zero);
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t212_aChoiceOfContextsNeedsItsFlag(Way way) {
        // Given
        List<String> choice = List.of(MetaContext.BASE_ALLOCATION);
        try (Dialogue dialogue = readyForStatus(way, GO_EXPORT)) {
            // When
            NbdFuture<BlockStatus> status = dialogue.nbd.blockStatus(0x1000, 0, choice);

            // Then: nothing was sent
            assertThat(dialogue.failureOf(status, InvalidRequestException.class).errno())
                    .isEqualTo(NbdError.EINVAL);
            dialogue.assertWorks();
        }
        try (Dialogue dialogue = readyForStatus(way, LARGE_EXPORT)) {
            // When
            NbdFuture<BlockStatus> status = dialogue.nbd.blockStatus(0x180000000L, 0x1000, choice);

            // Then
            dialogue.expect(REQUEST + "0020 0007");
            String cookie = dialogue.server().readHex(8);
            dialogue.expect("0000000000001000 000000000000000c 0000000180000000 00000005")
                    .send(CHUNK + "0001 0006" + cookie + "0000000000001000 0000000000000018")
                    .send("00000005 00000001 0000000000001000 0000000000000002");
            assertThat(dialogue.await(status).extents(MetaContext.BASE_ALLOCATION))
                    .containsExactly(new Extent(0x1000, 0x1000, 2));
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t211_aServerThatNeedsExtendedHeadersIsAClearFailure(Way way) {
        try (Dialogue dialogue = Dialogue.atGo(way)) {
            // When
            dialogue.send(GO_ERROR + "8000000a 00000000").expect(ABORT);

            // Then
            NegotiationRefusedException refused =
                    dialogue.failureOf(dialogue.connecting(), NegotiationRefusedException.class);
            assertThat(refused.reason()).isEqualTo(OptionReplyType.ERR_EXT_HEADER_REQD);
            assertThat(refused).hasMessageContaining("extended headers are required first (ERR_EXT_HEADER_REQD)");
            dialogue.assertGone();
        }
    }

    @EachWay
    @TypedBytes
    void t213_aRefusalOfStructuredRepliesDoesNotRevokeExtendedHeaders(Way way) {
        try (Dialogue dialogue =
                Dialogue.connected(way, options -> options.optionMode(true).extendedHeaders(true))) {
            // Given
            dialogue.send(GREETING)
                    .expect("00000003" + EXTENDED_HEADERS)
                    .send(EXTENDED_HEADERS_ACK)
                    .await(dialogue.connecting());
            Negotiation negotiation = dialogue.nbd.negotiation();

            // When
            NbdFuture<Boolean> structured = negotiation.structuredReplies();
            dialogue.expect(STRUCTURED_REPLY).send(REPLY + "00000008 8000000a 00000000");

            // Then
            assertThat(dialogue.await(structured)).isFalse();
            assertThat(negotiation.status().extendedHeaders()).isTrue();
            NbdFuture<NbdClient> go = negotiation.go();
            dialogue.expect(GO).send(GO_EXPORT).send(GO_ACK).await(go);
            assertThat(dialogue.nbd.export().extendedHeaders()).isTrue();
            assertThat(dialogue.nbd.export().structuredReplies()).isTrue();
        }
    }
}
