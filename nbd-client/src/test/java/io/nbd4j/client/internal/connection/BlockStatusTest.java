package io.nbd4j.client.internal.connection;

import static io.nbd4j.client.internal.connection.Rig.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.BlockStatus;
import io.nbd4j.client.CommandRefusedException;
import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.Extent;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.MetaContext;
import io.nbd4j.client.NbdException;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdProtocolException;
import io.nbd4j.client.NbdRange;
import io.nbd4j.client.NbdTimeoutException;
import io.nbd4j.client.RequestFate;
import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.TransmissionFlags;
import io.nbd4j.codec.golden.WireBytes;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Block status; the conformance cases by number. */
class BlockStatusTest {
    /** A chunk, or another message, that answers a request. */
    private interface Chunk {
        byte[] of(long cookie);
    }

    private static final MetaContext BASE = new MetaContext(0, "base:allocation");
    private static final MetaContext DIRTY = new MetaContext(7, "qemu:dirty-bitmap:b");
    private static final MetaContext DEPTH = new MetaContext(-1, "qemu:allocation-depth");

    private static final int REQ_ONE = CommandFlag.REQ_ONE.bit();
    private static final int START = 8192;
    private static final int LENGTH = 65536;
    /** The longest range that a compact request is sent for. */
    private static final long PART = 0xffff_0000L;

    private static Rig rig(MetaContext... contexts) {
        return Rig.with().contexts(contexts).open();
    }

    // ---- What is sent

    @Test
    void aRequestIsSentForTheRange() {
        try (Rig rig = rig(BASE)) {
            // Given
            NbdFuture<BlockStatus> status = rig.commands.blockStatus(LENGTH, START, REQ_ONE);

            // When
            Request request = rig.request();

            // Then
            assertThat(request.type()).isEqualTo(Request.BLOCK_STATUS);
            assertThat(request.flags()).isEqualTo(REQ_ONE);
            assertThat(request.offset()).isEqualTo(START);
            assertThat(request.length()).isEqualTo(LENGTH);
            rig.answer(Wire.lastStatus(request.cookie(), 0, LENGTH, 0));
            assertThat(status).isCompleted();
        }
    }

    @Test
    void t172WithoutAContextItIsRefusedWithoutTraffic() {
        try (Rig rig = rig()) {
            // When
            NbdFuture<BlockStatus> status = rig.commands.blockStatus(LENGTH, START, 0);

            // Then
            InvalidRequestException refusal = failureOf(status, InvalidRequestException.class);
            assertThat(refusal.errno()).isEqualTo(NbdError.ENOTSUP);
            assertThat(rig.requests()).isEmpty();
        }
    }

    @Test
    void whatIsNotARangeOfTheExportIsRefused() {
        try (Rig rig = Rig.with()
                .contexts(BASE)
                .size(1 << 20)
                .blocks(512, 4096, 1 << 20)
                .open()) {
            // When
            List<NbdFuture<BlockStatus>> refused = List.of(
                    rig.commands.blockStatus(0, 0, 0),
                    rig.commands.blockStatus(512, 1 << 20, 0),
                    rig.commands.blockStatus(Long.MAX_VALUE, 512, 0),
                    rig.commands.blockStatus(-512, 512, 0),
                    rig.commands.blockStatus(512, 256, 0),
                    rig.commands.blockStatus(512, 0, CommandFlag.FUA.bit()),
                    rig.commands.blockStatus(512, 0, CommandFlag.PAYLOAD_LEN.bit()));

            // Then
            assertThat(refused)
                    .allSatisfy(status -> assertThat(failureOf(status, InvalidRequestException.class)
                                    .errno())
                            .isEqualTo(NbdError.EINVAL));
            assertThat(rig.requests()).isEmpty();
        }
    }

    // ---- Answers

    @ParameterizedTest
    @EnumSource
    void t170TheExtentsOfAContext(Delivery delivery) {
        BlockStatus status =
                answered(delivery, cookie -> Wire.status(cookie, 0, 4096, 0, LENGTH - 4096, 3), Wire::none);
        assertThat(status.range()).isEqualTo(NbdRange.of(START, LENGTH));
        assertThat(status.extents()).containsOnlyKeys("base:allocation");
        assertThat(status.extents("base:allocation"))
                .containsExactly(new Extent(START, 4096, 0), new Extent(START + 4096, LENGTH - 4096, 3));
        assertThat(status.coveredLength("base:allocation")).isEqualTo(LENGTH);
    }

    @Test
    void t180WhatIsBeyondTheRangeIsCutOff() {
        assertThat(extents(cookie -> Wire.lastStatus(cookie, 0, 4096, 0, 0xffff_ffffL, 3)))
                .containsExactly(new Extent(START, 4096, 0), new Extent(START + 4096, LENGTH - 4096, 3));
        assertThat(extents(cookie -> Wire.lastStatus(cookie, 0, LENGTH + 4096, 1)))
                .containsExactly(new Extent(START, LENGTH, 1));
        assertThat(extents(cookie -> Wire.lastStatus(cookie, 0, LENGTH, 1, 4096, 0, 4096, 1)))
                .containsExactly(new Extent(START, LENGTH, 1));
    }

    @Test
    void t181AShortAnswerIsReportedAsItIs() {
        BlockStatus status = answered(Delivery.MESSAGES, cookie -> Wire.lastStatus(cookie, 0, 512, 3));
        assertThat(status.extents("base:allocation")).containsExactly(new Extent(START, 512, 3));
        assertThat(status.coveredLength("base:allocation")).isEqualTo(512);
    }

    @ParameterizedTest
    @EnumSource
    void t183EachContextCoversWhatItCovers(Delivery delivery) {
        try (Rig rig = rig(BASE, DIRTY, DEPTH)) {
            // Given
            NbdFuture<BlockStatus> status = rig.commands.blockStatus(LENGTH, START, 0);
            long cookie = rig.request().cookie();

            // When
            rig.answer(
                    delivery,
                    Wire.status(cookie, -1, 512, 3, 512, 1),
                    Wire.status(cookie, 7, LENGTH, 1),
                    Wire.lastStatus(cookie, 0, 4096, 0));

            // Then
            BlockStatus answer = status.join();
            assertThat(answer.extents().keySet()).containsExactly(BASE.name(), DIRTY.name(), DEPTH.name());
            assertThat(answer.extents(BASE.name())).containsExactly(new Extent(START, 4096, 0));
            assertThat(answer.extents(DIRTY.name())).containsExactly(new Extent(START, LENGTH, 1));
            // T196: a number
            assertThat(answer.extents(DEPTH.name()))
                    .extracting(Extent::allocationDepth)
                    .containsExactly(3L, 1L);
            assertThat(answer.coveredLength(DEPTH.name())).isEqualTo(1024);
            rig.assertWorks();
        }
    }

    @Test
    void t186AContextThatNobodyAskedForIsIgnored() {
        assertThat(extents(
                        cookie -> Wire.status(cookie, 99, 4096, 0, LENGTH, 1),
                        cookie -> Wire.lastStatus(cookie, 0, LENGTH, 2)))
                .containsExactly(new Extent(START, LENGTH, 2));
    }

    @Test
    void t188UndefinedBitsOfBaseAllocationMeanNothing() {
        assertThat(extents(cookie -> Wire.lastStatus(cookie, 0, 512, 0xffff_fffcL, 512, 0, 512, 0xffff_ffffL)))
                .containsExactly(new Extent(START, 1024, 0), new Extent(START + 1024, 512, 3));
    }

    @Test
    void otherContextsKeepAllTheirBits() {
        try (Rig rig = rig(DIRTY)) {
            // Given
            NbdFuture<BlockStatus> status = rig.commands.blockStatus(LENGTH, START, 0);

            // When
            rig.answer(Wire.lastStatus(rig.request().cookie(), 7, 512, 0xffff_fffeL));

            // Then
            assertThat(status.join().extents(DIRTY.name())).containsExactly(new Extent(START, 512, 0xffff_fffeL));
        }
    }

    @Test
    void t190EqualNeighboursAreJoined() {
        assertThat(extents(cookie -> Wire.lastStatus(cookie, 0, 512, 3, 512, 3, 512, 0, 512, 0, 512, 3)))
                .containsExactly(
                        new Extent(START, 1024, 3),
                        new Extent(START + 1024, 1024, 0),
                        new Extent(START + 2048, 512, 3));
    }

    @Test
    void anAnswerOfManyExtentsIsKept() {
        // Given
        long[] extents = new long[2 * 10_000];
        for (int i = 0; i < extents.length; i += 2) {
            extents[i] = 1;
            extents[i + 1] = i / 2 % 2;
        }

        // When
        List<Extent> found = extents(cookie -> Wire.lastStatus(cookie, 0, extents));

        // Then
        assertThat(found).hasSize(10_000);
        assertThat(found.get(9_999)).isEqualTo(new Extent(START + 9_999, 1, 1));
    }

    @Test
    void t192OneExtentIsTheAnswerToReqOne() {
        try (Rig rig = rig(BASE)) {
            // Given
            NbdFuture<BlockStatus> status = rig.commands.blockStatus(LENGTH, START, REQ_ONE);

            // When
            rig.answer(Wire.lastStatus(rig.request().cookie(), 0, 512, 1));

            // Then
            assertThat(status.join().extents(BASE.name())).containsExactly(new Extent(START, 512, 1));
        }
    }

    @Test
    void t192ReqOneIsNotAnsweredByMore() {
        for (long[] extents :
                List.of(new long[] {512, 1, 512, 0}, new long[] {512, 1, 512, 1}, new long[] {LENGTH + 512, 1})) {
            try (Rig rig = rig(BASE)) {
                // Given
                NbdFuture<BlockStatus> status = rig.commands.blockStatus(LENGTH, START, REQ_ONE);

                // When
                rig.answer(Wire.lastStatus(rig.request().cookie(), 0, extents));

                // Then
                assertThat(failureOf(status, NbdProtocolException.class)).hasMessageContaining("REQ_ONE");
                rig.assertWorks();
            }
        }
    }

    private static List<Extent> extents(Chunk... chunks) {
        return answered(Delivery.MESSAGES, chunks).extents(BASE.name());
    }

    private static BlockStatus answered(Delivery delivery, Chunk... chunks) {
        try (Rig rig = rig(BASE)) {
            // Given
            NbdFuture<BlockStatus> status = rig.commands.blockStatus(LENGTH, START, 0);
            long cookie = rig.request().cookie();

            // When
            rig.answer(
                    delivery,
                    Arrays.stream(chunks).map(chunk -> chunk.of(cookie)).toArray(byte[][]::new));

            // Then
            assertThat(status).isCompleted();
            rig.assertWorks();
            return status.join();
        }
    }

    // ---- Failures

    @Test
    void t185AContextTwiceFailsTheRequestAlone() {
        NbdProtocolException failure = assertFails(
                NbdProtocolException.class,
                cookie -> Wire.status(cookie, 0, LENGTH, 0),
                cookie -> Wire.lastStatus(cookie, 0, LENGTH, 0));
        assertThat(failure).hasMessageContaining("base:allocation twice");
    }

    @Test
    void aContextThatIsMissingFailsTheRequestAlone() {
        NbdProtocolException failure =
                assertFails(NbdProtocolException.class, cookie -> Wire.lastStatus(cookie, 1, LENGTH, 0));
        assertThat(failure).hasMessageContaining("did not tell the status of base:allocation");
        assertFails(NbdProtocolException.class, Wire::none);
        assertFails(NbdProtocolException.class, cookie -> Wire.simple(cookie, 0));
    }

    @Test
    void t193AnErrorBehindExtentsFailsTheRequest() {
        CommandRefusedException failure = assertFails(
                CommandRefusedException.class,
                cookie -> Wire.status(cookie, 0, 512, 0),
                cookie -> Wire.lastError(cookie, 5, "disk"));
        assertThat(failure.errno()).isEqualTo(NbdError.EIO);
        assertThat(failure.serverMessage()).isEqualTo("disk");
        assertThat(assertFails(CommandRefusedException.class, cookie -> Wire.simple(cookie, 22))
                        .errno())
                .isEqualTo(NbdError.EINVAL);
    }

    private static <E extends NbdException> E assertFails(Class<E> type, Chunk... chunks) {
        try (Rig rig = rig(BASE)) {
            // Given
            NbdFuture<BlockStatus> status = rig.commands.blockStatus(LENGTH, START, 0);
            long cookie = rig.request().cookie();

            // When
            rig.answer(
                    Delivery.MESSAGES,
                    Arrays.stream(chunks).map(chunk -> chunk.of(cookie)).toArray(byte[][]::new));

            // Then
            E failure = failureOf(status, type);
            assertThat(failure.range()).isEqualTo(NbdRange.of(START, LENGTH));
            rig.assertWorks();
            return failure;
        }
    }

    static Stream<Named<Chunk>> violations() {
        return Stream.of(
                violation("T182: an extent of no bytes", cookie -> Wire.lastStatus(cookie, 0, 512, 0, 0, 1)),
                violation("T187: no extent", cookie -> Wire.lastStatus(cookie, 0)),
                violation(
                        "T187: less than an extent",
                        cookie -> Wire.chunk(1, 5, cookie, WireBytes.parse("00000000 00001000 0000"))),
                violation(
                        "a block status with a count, as with extended headers",
                        cookie -> Wire.chunk(
                                1, 6, cookie, WireBytes.parse("00000000 00000001 0000000000001000 0000000000000000"))),
                violation("data", cookie -> Wire.lastData(cookie, START, new byte[512])),
                violation(
                        "more extents than any answer may have",
                        cookie -> ByteBuffer.allocate(20)
                                .putInt(0x668e33ef)
                                .putInt(0x00010005)
                                .putLong(cookie)
                                .putInt(4 + 8 * ((1 << 20) + 1))
                                .array()));
    }

    private static Named<Chunk> violation(String name, Chunk bytes) {
        return Named.of(name, bytes);
    }

    @ParameterizedTest
    @MethodSource("violations")
    void aViolationDropsTheConnection(Chunk bytes) {
        for (Delivery delivery : Delivery.values()) {
            try (Rig rig = rig(BASE)) {
                // Given
                NbdFuture<BlockStatus> status = rig.commands.blockStatus(LENGTH, START, 0);

                // When
                rig.answer(delivery, bytes.of(rig.request().cookie()));

                // Then
                rig.assertDropped();
                failureOf(status, NbdProtocolException.class);
            }
        }
    }

    // ---- Ranges that are longer than a compact request can say

    @Test
    void theRestIsAskedForWhereTheAnswerIsComplete() {
        try (Rig rig = rig(BASE)) {
            // Given
            long length = 2 * PART + 4096;
            NbdFuture<BlockStatus> status = rig.commands.blockStatus(length, 512, 0);

            // When
            Request first = rig.request();
            rig.answer(Wire.lastStatus(first.cookie(), 0, PART - 4096, 0, 4096, 3));
            Request second = rig.request();
            // Longer than asked for, which must not count twice.
            rig.answer(Wire.lastStatus(second.cookie(), 0, 0xffff_ffffL, 3));
            Request third = rig.request();
            rig.answer(Wire.lastStatus(third.cookie(), 0, 4096, 0));

            // Then
            assertThat(List.of(first, second, third))
                    .extracting(Request::offset)
                    .containsExactly(512L, 512 + PART, 512 + 2 * PART);
            assertThat(List.of(first, second, third))
                    .extracting(Request::length)
                    .containsExactly(PART, PART, 4096L);
            assertThat(second.cookie()).isNotEqualTo(first.cookie());
            // T195: sums beyond 2^32
            assertThat(status.join().extents(BASE.name()))
                    .containsExactly(
                            new Extent(512, PART - 4096, 0),
                            new Extent(512 + PART - 4096, PART + 4096, 3),
                            new Extent(512 + 2 * PART, 4096, 0));
            assertThat(status.join().coveredLength(BASE.name())).isEqualTo(length);
            assertThat(rig.connection.statistics().requestsSent()).isEqualTo(3);
            assertThat(rig.connection.statistics().repliesReceived()).isEqualTo(3);
            rig.assertWorks();
        }
    }

    @Test
    void theRestIsNotAskedForWhereOneContextIsShort() {
        try (Rig rig = rig(BASE, DIRTY)) {
            // Given
            NbdFuture<BlockStatus> status = rig.commands.blockStatus(3 * PART, 0, 0);

            // When
            rig.answer(statusOfBoth(rig.request(), PART, PART));
            rig.answer(statusOfBoth(rig.request(), PART, 512));

            // Then
            assertThat(rig.requests()).isEmpty();
            assertThat(status.join().coveredLength(BASE.name())).isEqualTo(2 * PART);
            assertThat(status.join().coveredLength(DIRTY.name())).isEqualTo(PART + 512);
            rig.assertWorks();
        }
    }

    private static byte[] statusOfBoth(Request request, long base, long dirty) {
        return WireBytes.concat(
                Wire.status(request.cookie(), 0, base, 0), Wire.lastStatus(request.cookie(), 7, dirty, 0));
    }

    @Test
    void aFailureNamesThePartThatFailed() {
        try (Rig rig = rig(BASE)) {
            // Given
            NbdFuture<BlockStatus> status = rig.commands.blockStatus(2 * PART, 0, 0);
            rig.answer(Wire.lastStatus(rig.request().cookie(), 0, PART, 0));

            // When
            rig.answer(Wire.lastError(rig.request().cookie(), 5, ""));

            // Then
            assertThat(failureOf(status, CommandRefusedException.class).range()).isEqualTo(NbdRange.of(PART, PART));
            rig.assertWorks();
        }
    }

    @Test
    void reqOneIsOneRequest() {
        try (Rig rig = rig(BASE)) {
            // Given
            NbdFuture<BlockStatus> status = rig.commands.blockStatus(2 * PART, 0, REQ_ONE);

            // When
            rig.answer(Wire.lastStatus(rig.request().cookie(), 0, PART, 0));

            // Then
            assertThat(rig.requests()).isEmpty();
            assertThat(status.join().coveredLength(BASE.name())).isEqualTo(PART);
        }
    }

    @Test
    void aServerThatShutsDownIsNotAskedForTheRest() {
        try (Rig rig = rig(BASE)) {
            // Given
            NbdFuture<BlockStatus> status = rig.commands.blockStatus(2 * PART, 0, 0);
            NbdFuture<?> flush = rig.commands.flush();
            List<Request> requests = rig.requests();

            // When
            rig.answer(
                    Wire.simple(requests.get(1).cookie(), 108),
                    Wire.lastStatus(requests.get(0).cookie(), 0, PART, 0));

            // Then
            assertThat(flush).isCompletedExceptionally();
            assertThat(rig.requests()).isEmpty();
            assertThat(status.join().coveredLength(BASE.name())).isEqualTo(PART);
        }
    }

    @Test
    void whatIsLeftOfAStatusIsNotAskedForOnceThatIsAbandoned() {
        try (Rig rig = rig(BASE)) {
            // Given
            NbdFuture<BlockStatus> status = rig.commands.blockStatus(3 * PART, 0, 0);
            Request first = rig.request();
            rig.connection.abandonWaiting(new Loss(Loss.Kind.BROKEN, "abandoned by the test", null));
            assertThat(status).isNotDone();

            // When
            rig.answer(Wire.lastStatus(first.cookie(), 0, PART, 0));

            // Then
            assertThat(rig.requests()).isEmpty();
            ConnectionLostException loss = failureOf(status, ConnectionLostException.class);
            assertThat(loss).hasMessageContaining("abandoned by the test");
            assertThat(loss.fate()).isEqualTo(RequestFate.UNKNOWN);
            assertThat(loss.range()).isEqualTo(NbdRange.of(0, 3 * PART));
            assertThat(rig.connection.isIdle()).isTrue();
        }
    }

    @Test
    void theLastPartOfAStatusThatIsAbandonedCompletesIt() {
        try (Rig rig = rig(BASE)) {
            // Given
            NbdFuture<BlockStatus> status = rig.commands.blockStatus(2 * PART, 0, 0);
            rig.answer(Wire.lastStatus(rig.request().cookie(), 0, PART, 0));
            Request last = rig.request();
            rig.connection.abandonWaiting(new Loss(Loss.Kind.BROKEN, "abandoned by the test", null));

            // When
            rig.answer(Wire.lastStatus(last.cookie(), 0, PART, 0));

            // Then
            assertThat(status.join().coveredLength(BASE.name())).isEqualTo(2 * PART);
        }
    }

    // ---- Giving up, deadlines, and the end

    @Test
    void aCancelledStatusKeepsItsSlotAndAsksForNothingMore() {
        try (Rig rig = Rig.with().contexts(BASE).inFlight(1).open()) {
            // Given
            NbdFuture<BlockStatus> status = rig.commands.blockStatus(2 * PART, 0, 0);
            Request request = rig.request();
            NbdFuture<?> behind = rig.commands.flush();

            // When
            status.cancel(false);
            rig.turn();

            // Then
            assertThat(status).isCancelled();
            assertThat(rig.requests()).isEmpty();

            // When
            rig.answer(Wire.lastStatus(request.cookie(), 0, PART, 0));

            // Then
            Request next = rig.request();
            assertThat(next.type()).isEqualTo(Request.FLUSH);
            rig.answer(Wire.none(next.cookie()));
            assertThat(behind).isCompleted();
            rig.assertWorks();
        }
    }

    @Test
    void allPartsTogetherHaveOneDeadline() {
        try (Rig rig = Rig.with().contexts(BASE).requestSeconds(10).open()) {
            // Given
            NbdFuture<BlockStatus> status = rig.commands.blockStatus(2 * PART, 0, 0);
            Request first = rig.request();
            rig.pass(6);
            rig.answer(Wire.lastStatus(first.cookie(), 0, PART, 0));
            Request second = rig.request();

            // When
            rig.pass(6);

            // Then
            assertThat(failureOf(status, NbdTimeoutException.class).fate()).isEqualTo(RequestFate.UNKNOWN);
            rig.answer(Wire.lastStatus(second.cookie(), 0, PART, 0));
            rig.assertWorks();
        }
    }

    @Test
    void aServerThatOwesOneIsNoticedWhenItStalls() {
        try (Rig rig = Rig.with().contexts(BASE).stallSeconds(10).open()) {
            // Given
            NbdFuture<BlockStatus> status = rig.commands.blockStatus(2 * PART, 0, 0);
            rig.answer(Wire.lastStatus(rig.request().cookie(), 0, PART, 0));
            rig.requests();

            // When
            rig.pass(11);

            // Then
            failureOf(status, NbdTimeoutException.class);
            assertThat(rig.losses).extracting(Loss::kind).containsExactly(Loss.Kind.STALLED);
        }
    }

    @Test
    void theEndOfTheConnectionFailsIt() {
        try (Rig rig = rig(BASE)) {
            // Given
            NbdFuture<BlockStatus> status = rig.commands.blockStatus(LENGTH, START, 0);
            rig.answer(Wire.status(rig.request().cookie(), 0, 512, 0));

            // When
            rig.hangUp();

            // Then
            assertThat(failureOf(status, ConnectionLostException.class).fate()).isEqualTo(RequestFate.UNKNOWN);
        }
    }

    // ---- Extended headers

    @ParameterizedTest
    @EnumSource
    void t207ExtentsOf64Bits(Delivery delivery) {
        try (Rig rig = Rig.with().contexts(BASE, DEPTH).extended().open()) {
            // Given
            long length = 1L << 39;
            NbdFuture<BlockStatus> status = rig.commands.blockStatus(length, 1 << 20, 0);
            Request request = rig.request();

            // When
            rig.answer(
                    delivery,
                    WireExtended.status(request, 0, 1L << 36, 3, 1L << 50, 0),
                    WireExtended.status(request, -1, -1, 1L << 40),
                    WireExtended.none(request));

            // Then
            assertThat(request.length()).isEqualTo(length);
            assertThat(request.flags()).isZero();
            assertThat(status.join().extents(BASE.name()))
                    .containsExactly(
                            new Extent(1 << 20, 1L << 36, 3),
                            new Extent((1 << 20) + (1L << 36), length - (1L << 36), 0));
            assertThat(status.join().extents(DEPTH.name())).containsExactly(new Extent(1 << 20, length, 1L << 40));
            rig.assertWorks();
        }
    }

    @Test
    void t206ACountThatIsNotThatOfTheExtentsDropsTheConnection() {
        try (Rig rig = Rig.with().contexts(BASE).extended().open()) {
            // Given
            NbdFuture<BlockStatus> status = rig.commands.blockStatus(LENGTH, START, 0);
            byte[] chunk = WireExtended.status(rig.request(), 0, 512, 0, 512, 1);
            chunk[32 + 7] = 3;

            // When
            rig.answer(chunk);

            // Then
            rig.assertDropped();
            failureOf(status, NbdProtocolException.class);
        }
    }

    // ---- A choice of contexts

    private static Rig choosy() {
        return Rig.with()
                .flags(Rig.ALL_FLAGS | TransmissionFlags.BLOCK_STATUS_PAYLOAD)
                .contexts(BASE, DIRTY, DEPTH)
                .extended()
                .open();
    }

    @Test
    void t212AChoiceOfContextsIsThePayload() {
        try (Rig rig = choosy()) {
            // Given
            NbdFuture<BlockStatus> status =
                    rig.commands.blockStatus(LENGTH, START, List.of(DEPTH.name(), BASE.name(), DEPTH.name()), REQ_ONE);

            // When
            Request request = rig.request();

            // Then
            assertThat(request.flags()).isEqualTo(Request.PAYLOAD_LEN | REQ_ONE);
            assertThat(request.offset()).isEqualTo(START);
            assertThat(request.payload()).isEqualTo(WireBytes.parse("0000000000010000 00000000 ffffffff"));

            // When
            rig.answer(
                    WireExtended.status(request, -1, 512, 2),
                    WireExtended.status(request, 0, 1024, 0),
                    WireExtended.none(request));

            // Then
            assertThat(status.join().extents().keySet()).containsExactly(BASE.name(), DEPTH.name());
            assertThat(status.join().extents(DEPTH.name())).containsExactly(new Extent(START, 512, 2));
            rig.assertWorks();
        }
    }

    /** Whoever asks for some must not be told more. */
    @Test
    void aContextThatWasNotChosenIsIgnored() {
        try (Rig rig = choosy()) {
            // Given
            NbdFuture<BlockStatus> status = rig.commands.blockStatus(LENGTH, START, List.of(DIRTY.name()), 0);
            Request request = rig.request();

            // When
            rig.answer(
                    WireExtended.status(request, 0, 512, 0),
                    WireExtended.status(request, 7, LENGTH, 1),
                    WireExtended.none(request));

            // Then
            assertThat(status.join().extents()).containsOnlyKeys(DIRTY.name());
        }
    }

    @Test
    void aChoiceThatCantBeMadeIsRefusedWithoutTraffic() {
        try (Rig choosy = choosy();
                Rig compact = rig(BASE);
                Rig plain = Rig.with().contexts(BASE).extended().open()) {
            // When
            NbdFuture<BlockStatus> unknown = choosy.commands.blockStatus(LENGTH, START, List.of(BASE.name(), "x:y"), 0);
            NbdFuture<BlockStatus> none = choosy.commands.blockStatus(LENGTH, START, List.of(), 0);
            NbdFuture<BlockStatus> outside = choosy.commands.blockStatus(512, 1L << 40, List.of(BASE.name()), 0);
            NbdFuture<BlockStatus> withoutHeaders =
                    compact.commands.blockStatus(LENGTH, START, List.of(BASE.name()), 0);
            NbdFuture<BlockStatus> withoutFlag = plain.commands.blockStatus(LENGTH, START, List.of(BASE.name()), 0);

            // Then
            assertThat(failureOf(unknown, InvalidRequestException.class))
                    .hasMessageContaining("x:y")
                    .extracting(NbdException::errno)
                    .isEqualTo(NbdError.EINVAL);
            assertThat(failureOf(none, InvalidRequestException.class).errno()).isEqualTo(NbdError.EINVAL);
            assertThat(failureOf(outside, InvalidRequestException.class).errno())
                    .isEqualTo(NbdError.EINVAL);
            assertThat(failureOf(withoutHeaders, InvalidRequestException.class).errno())
                    .isEqualTo(NbdError.ENOTSUP);
            assertThat(failureOf(withoutFlag, InvalidRequestException.class).errno())
                    .isEqualTo(NbdError.EINVAL);
            assertThat(choosy.requests()).isEmpty();
            assertThat(compact.requests()).isEmpty();
            assertThat(plain.requests()).isEmpty();
        }
    }
}
