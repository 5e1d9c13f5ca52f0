package io.nbd4j.client.conformance;

import static io.nbd4j.client.conformance.Dialogue.GO;
import static io.nbd4j.client.conformance.Dialogue.GO_ACK;
import static io.nbd4j.client.conformance.Dialogue.GO_INFO;
import static io.nbd4j.client.conformance.Dialogue.GREETING;
import static io.nbd4j.client.conformance.Dialogue.OPTION;
import static io.nbd4j.client.conformance.Dialogue.REPLY;
import static io.nbd4j.client.conformance.Dialogue.STRUCTURED_REPLY;
import static io.nbd4j.client.conformance.Dialogue.STRUCTURED_REPLY_ACK;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.BlockStatus;
import io.nbd4j.client.CommandRefusedException;
import io.nbd4j.client.Extent;
import io.nbd4j.client.ExtentWalk;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.MetaContext;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdProtocolException;
import io.nbd4j.client.NbdRange;
import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.NbdError;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Timeout;

/** Section 6.6, the part that is about block status. The time limit only ends what hangs. */
@Timeout(60)
class BlockStatusIT {
    private static final String BASE = MetaContext.BASE_ALLOCATION;
    private static final String DEPTH = MetaContext.QEMU_ALLOCATION_DEPTH;

    private static final String SET = OPTION + "0000000a ";
    private static final String ASK_BASE = SET + "0000001b 00000000 00000001 0000000f 'base:allocation' ";
    private static final String ASK_BOTH =
            SET + "00000034 00000000 00000002 0000000f 'base:allocation' 00000015 'qemu:allocation-depth' ";
    private static final String SELECTED = REPLY + "0000000a 00000004 ";
    private static final String BASE_IS_0 = SELECTED + "00000013 00000000 'base:allocation' ";
    private static final String DEPTH_IS_9 = SELECTED + "00000019 00000009 'qemu:allocation-depth' ";
    private static final String SET_ACK = REPLY + "0000000a 00000001 00000000 ";

    private static final String ONE_MIB = GO_INFO + "0000000c 0000 0000000000100000 0ded ";
    /** Starts a structured chunk, up to the cookie. */
    private static final String STATUS = "668e33ef 0000 0005 ";

    private static final String LAST_STATUS = "668e33ef 0001 0005 ";

    /** Starts a dialogue with one context, by the number 0, on an export of one MiB. */
    private static Dialogue ready(Way way) {
        return ready(way, BASE_IS_0, ONE_MIB);
    }

    private static Dialogue ready(Way way, String selected, String export) {
        return Dialogue.connected(way, options -> options.metaContexts(BASE))
                .send(GREETING)
                .expect("00000003" + STRUCTURED_REPLY)
                .send(STRUCTURED_REPLY_ACK)
                .expect(ASK_BASE)
                .send(selected + SET_ACK)
                .expect(GO)
                .send(export + GO_ACK)
                .awaitReady();
    }

    /** Starts a dialogue with two contexts. */
    private static Dialogue readyWithBoth(Way way) {
        return Dialogue.connected(way, options -> options.metaContexts(BASE, DEPTH))
                .send(GREETING)
                .expect("00000003" + STRUCTURED_REPLY)
                .send(STRUCTURED_REPLY_ACK)
                .expect(ASK_BOTH)
                .send(BASE_IS_0 + DEPTH_IS_9 + SET_ACK)
                .expect(GO)
                .send(ONE_MIB + GO_ACK)
                .awaitReady();
    }

    /** Receives a block status without flags. Returns its cookie, to be echoed. */
    private static String receive(Dialogue dialogue, String offset, String length) {
        dialogue.expect("25609513 0000 0007");
        String cookie = dialogue.server().readHex(8);
        dialogue.expect(offset + length);
        return cookie;
    }

    /** Asks for the status of 64 KiB from 4 KiB on, which is answered with one chunk. */
    private static List<Extent> extents(Dialogue dialogue, String length, String extents) {
        NbdFuture<BlockStatus> status = dialogue.nbd.blockStatus(0x10000, 0x1000);
        String cookie = receive(dialogue, "0000000000001000", "00010000");
        dialogue.send(LAST_STATUS + cookie + length + "00000000" + extents);
        return dialogue.await(status).extents(BASE);
    }

    @EachWay
    @TypedBytes
    void t170_theNumber0IsAContext(Way way) {
        try (Dialogue dialogue = ready(way)) {
            assertThat(extents(dialogue, "00000014", "00001000 00000000 0000f000 00000003"))
                    .containsExactly(new Extent(0x1000, 0x1000, 0), new Extent(0x2000, 0xf000, 3));
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t172_withoutAContextNothingIsSent(Way way) {
        try (Dialogue dialogue = ready(way, "", ONE_MIB)) {
            // When
            NbdFuture<BlockStatus> status = dialogue.nbd.blockStatus(0x1000, 0);

            // Then
            assertThat(dialogue.failureOf(status, InvalidRequestException.class).errno())
                    .isEqualTo(NbdError.ENOTSUP);
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t180_theLastExtentIsCutOffAtTheEndOfTheExport(Way way) {
        try (Dialogue dialogue = ready(way)) {
            // When
            NbdFuture<BlockStatus> status = dialogue.nbd.blockStatus(0x1000, 0xff000);
            String cookie = receive(dialogue, "00000000000ff000", "00001000");
            dialogue.send(LAST_STATUS + cookie + "00000014 00000000 00000800 00000001 00010000 00000002");

            // Then
            assertThat(dialogue.await(status).extents(BASE))
                    .containsExactly(new Extent(0xff000, 0x800, 1), new Extent(0xff800, 0x800, 2));
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t181_aShortAnswerIsReportedAndAWalkGoesOnFromIt(Way way) {
        try (Dialogue dialogue = ready(way)) {
            // Given
            NbdFuture<BlockStatus> status = dialogue.nbd.blockStatus(0x4000, 0);
            String cookie = receive(dialogue, "0000000000000000", "00004000");
            dialogue.send(LAST_STATUS + cookie + "0000000c 00000000 00001000 00000001");
            assertThat(dialogue.await(status).coveredLength(BASE)).isEqualTo(0x1000);

            // When
            ExtentWalk walk = dialogue.nbd.extents(BASE, NbdRange.of(0, 0x4000));
            List<Extent> seen = new ArrayList<>();
            CompletableFuture<Void> end = walk.forEach(seen::add);
            cookie = receive(dialogue, "0000000000000000", "00004000");
            dialogue.send(LAST_STATUS + cookie + "0000000c 00000000 00001000 00000001");
            cookie = receive(dialogue, "0000000000001000", "00003000");
            dialogue.send(LAST_STATUS + cookie + "00000014 00000000 00001000 00000001 00002000 00000002");

            // Then
            dialogue.await(end);
            assertThat(seen).containsExactly(new Extent(0, 0x2000, 1), new Extent(0x2000, 0x2000, 2));
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t182_anExtentOfNoBytesEndsTheConnection(Way way) {
        try (Dialogue dialogue = ready(way)) {
            // Given
            NbdFuture<BlockStatus> status = dialogue.nbd.blockStatus(0x4000, 0);
            String cookie = receive(dialogue, "0000000000000000", "00004000");

            // When // Then
            dialogue.send(LAST_STATUS + cookie + "00000014 00000000 00001000 00000001 00000000 00000002")
                    .assertDropped(status);
        }
    }

    @EachWay
    @TypedBytes
    void t183_contextsComeInAnyOrderAndCoverWhatTheyCover(Way way) {
        try (Dialogue dialogue = readyWithBoth(way)) {
            // Given
            NbdFuture<BlockStatus> status = dialogue.nbd.blockStatus(0x10000, 0);
            String cookie = receive(dialogue, "0000000000000000", "00010000");

            // When
            dialogue.send(STATUS + cookie + "0000000c 00000009 00001000 00000001")
                    .send(LAST_STATUS + cookie + "00000014 00000000 00001000 00000000 0000f000 00000003");

            // Then
            BlockStatus answer = dialogue.await(status);
            assertThat(answer.extents(DEPTH)).containsExactly(new Extent(0, 0x1000, 1));
            assertThat(answer.coveredLength(DEPTH)).isEqualTo(0x1000);
            assertThat(answer.extents(BASE)).containsExactly(new Extent(0, 0x1000, 0), new Extent(0x1000, 0xf000, 3));
            assertThat(answer.coveredLength(BASE)).isEqualTo(0x10000);
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t185_aContextThatComesTwiceFailsTheRequest(Way way) {
        try (Dialogue dialogue = ready(way)) {
            // Given
            NbdFuture<BlockStatus> status = dialogue.nbd.blockStatus(0x1000, 0);
            String cookie = receive(dialogue, "0000000000000000", "00001000");

            // When
            dialogue.send(STATUS + cookie + "0000000c 00000000 00001000 00000001")
                    .send(LAST_STATUS + cookie + "0000000c 00000000 00001000 00000001");

            // Then
            assertThat(dialogue.failureOf(status, NbdProtocolException.class)).hasMessageContaining("twice");
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t186_anUnknownContextIsIgnored(Way way) {
        try (Dialogue dialogue = ready(way)) {
            // Given
            NbdFuture<BlockStatus> status = dialogue.nbd.blockStatus(0x1000, 0);
            String cookie = receive(dialogue, "0000000000000000", "00001000");

            // When
            dialogue.send(STATUS + cookie + "0000000c 0000abcd 00001000 00000001")
                    .send(LAST_STATUS + cookie + "0000000c 00000000 00001000 00000002");

            // Then
            assertThat(dialogue.await(status).extents())
                    .containsOnlyKeys(BASE)
                    .containsEntry(BASE, List.of(new Extent(0, 0x1000, 2)));
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t187_aChunkWithoutWholeExtentsEndsTheConnection(Way way) {
        for (String chunk : List.of("00000004 00000000", "0000000a 00000000 00001000 0000")) {
            try (Dialogue dialogue = ready(way)) {
                // Given
                NbdFuture<BlockStatus> status = dialogue.nbd.blockStatus(0x1000, 0);
                String cookie = receive(dialogue, "0000000000000000", "00001000");

                // When // Then
                dialogue.send(LAST_STATUS + cookie + chunk).assertDropped(status);
            }
        }
    }

    @EachWay
    @TypedBytes
    void t188_bitsThatAreNotDefinedMeanNothing(Way way) {
        try (Dialogue dialogue = ready(way)) {
            // When
            List<Extent> extents = extents(dialogue, "0000000c", "00010000 fffffffc");

            // Then
            assertThat(extents).containsExactly(new Extent(0x1000, 0x10000, 0));
            assertThat(extents.get(0).isData()).isTrue();
            assertThat(extents.get(0).isHole()).isFalse();
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t190_equalNeighboursAreJoined(Way way) {
        try (Dialogue dialogue = ready(way)) {
            assertThat(extents(dialogue, "0000001c", "00001000 00000003 00001000 00000003 0000e000 00000000"))
                    .containsExactly(new Extent(0x1000, 0x2000, 3), new Extent(0x3000, 0xe000, 0));
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t191_extentsNeedNotBeAlignedAndAreRoundedInwards(Way way) {
        try (Dialogue dialogue =
                ready(way, BASE_IS_0, GO_INFO + "0000000e 0003 00001000 00001000 00100000 " + ONE_MIB)) {
            // When
            List<Extent> extents =
                    extents(dialogue, "0000001c", "00000801 00000000 00003000 00000003 0000c7ff 00000000");

            // Then
            assertThat(extents)
                    .containsExactly(
                            new Extent(0x1000, 0x801, 0), new Extent(0x1801, 0x3000, 3), new Extent(0x4801, 0xc7ff, 0));
            assertThat(extents.get(1).wholeBlocks(4096)).isEqualTo(NbdRange.of(0x2000, 0x2000));
            assertThat(extents.get(0).wholeBlocks(4096).length()).isZero();
        }
    }

    @EachWay
    @TypedBytes
    void t192_oneExtentIsTheAnswerToReqOne(Way way) {
        try (Dialogue dialogue = ready(way)) {
            for (String extents : List.of(
                    "0000000c 00000000 00000800 00000001",
                    "00000014 00000000 00000800 00000001 00000800 00000002",
                    "0000000c 00000000 00001001 00000001")) {
                // Given
                NbdFuture<BlockStatus> status = dialogue.nbd.blockStatus(0x1000, 0, CommandFlag.REQ_ONE);
                dialogue.expect("25609513 0008 0007");
                String cookie = dialogue.server().readHex(8);

                // When
                dialogue.expect("0000000000000000 00001000").send(LAST_STATUS + cookie + extents);

                // Then
                if (extents.contains("00000800 00000001 00000800") || extents.contains("00001001")) {
                    assertThat(dialogue.failureOf(status, NbdProtocolException.class))
                            .hasMessageContaining("REQ_ONE");
                } else {
                    assertThat(dialogue.await(status).extents(BASE)).containsExactly(new Extent(0, 0x800, 1));
                }
            }
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t193_anErrorBehindTheExtentsFailsTheRequest(Way way) {
        try (Dialogue dialogue = ready(way)) {
            // Given
            NbdFuture<BlockStatus> status = dialogue.nbd.blockStatus(0x1000, 0);
            String cookie = receive(dialogue, "0000000000000000", "00001000");

            // When
            dialogue.send(STATUS + cookie + "0000000c 00000000 00000800 00000001")
                    .send("668e33ef 0001 8001" + cookie + "0000000a 00000005 0004 'disk'");

            // Then
            CommandRefusedException refusal = dialogue.failureOf(status, CommandRefusedException.class);
            assertThat(refusal.errno()).isEqualTo(NbdError.EIO);
            assertThat(refusal.serverMessage()).isEqualTo("disk");
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t195_sumsOfMoreThan32Bits(Way way) {
        try (Dialogue dialogue = ready(way, BASE_IS_0, GO_INFO + "0000000c 0000 0000000400000000 0ded ")) {
            // Given
            NbdFuture<BlockStatus> status = dialogue.nbd.blockStatus(0x180000000L, 0);
            String cookie = receive(dialogue, "0000000000000000", "ffff0000");

            // When: together 8 GiB, of the 6 that were asked for
            dialogue.send(LAST_STATUS + cookie + "00000014 00000000 ffff0000 00000001 ffffffff 00000002");
            cookie = receive(dialogue, "00000000ffff0000", "80010000");
            dialogue.send(LAST_STATUS + cookie + "00000014 00000000 80000000 00000001 ffffffff 00000000");

            // Then
            assertThat(dialogue.await(status).extents(BASE))
                    .containsExactly(new Extent(0, 0x17fff0000L, 1), new Extent(0x17fff0000L, 0x10000, 0));
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t196_anAllocationDepthIsANumber(Way way) {
        try (Dialogue dialogue = readyWithBoth(way)) {
            // Given
            NbdFuture<BlockStatus> status = dialogue.nbd.blockStatus(0x1000, 0);
            String cookie = receive(dialogue, "0000000000000000", "00001000");

            // When
            dialogue.send(STATUS + cookie + "0000000c 00000000 00001000 00000000")
                    .send(LAST_STATUS + cookie + "0000000c 00000009 00001000 00000003");

            // Then
            assertThat(dialogue.await(status).extents(DEPTH)).singleElement().returns(3L, Extent::allocationDepth);
            dialogue.assertWorks();
        }
    }
}
