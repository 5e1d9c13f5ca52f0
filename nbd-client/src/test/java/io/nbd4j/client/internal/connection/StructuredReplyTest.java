package io.nbd4j.client.internal.connection;

import static io.nbd4j.client.internal.connection.Rig.bytesOf;
import static io.nbd4j.client.internal.connection.Rig.failureOf;
import static io.nbd4j.client.internal.connection.Wire.pattern;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.CommandRefusedException;
import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.NbdException;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdProtocolException;
import io.nbd4j.client.NbdRange;
import io.nbd4j.client.RequestFate;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.golden.WireBytes;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The conformance cases of structured replies, by number. A read is of 4096 bytes from 8192 on. */
class StructuredReplyTest {
    /** A chunk, or another message, that answers a request. */
    private interface Chunk {
        byte[] of(long cookie);
    }

    private static final int START = 8192;
    private static final int HALF = START + 2048;
    private static final int LENGTH = 4096;
    private static final byte[] DATA = pattern(START, LENGTH);
    private static final byte[] FIRST = pattern(START, LENGTH / 2);
    private static final byte[] SECOND = pattern(HALF, LENGTH / 2);

    @ParameterizedTest
    @EnumSource
    void t120DataThatIsTheLastChunk(Delivery delivery) {
        assertReads(delivery, DATA, cookie -> Wire.lastData(cookie, START, DATA));
    }

    @ParameterizedTest
    @EnumSource
    void t121DataThenNone(Delivery delivery) {
        assertReads(delivery, DATA, cookie -> Wire.data(cookie, START, DATA), Wire::none);
    }

    @ParameterizedTest
    @EnumSource
    void t122HalvesInReverse(Delivery delivery) {
        assertReads(
                delivery,
                DATA,
                cookie -> Wire.data(cookie, HALF, SECOND),
                cookie -> Wire.data(cookie, START, FIRST),
                Wire::none);
    }

    @ParameterizedTest
    @EnumSource
    void t123AHoleIsZeroed(Delivery delivery) {
        byte[] expected = DATA.clone();
        Arrays.fill(expected, 1024, 3072, (byte) 0);
        assertReads(
                delivery,
                expected,
                cookie -> Wire.data(cookie, START, pattern(START, 1024)),
                cookie -> Wire.data(cookie, START + 3072, pattern(START + 3072, 1024)),
                cookie -> Wire.lastHole(cookie, START + 1024, 2048));
    }

    @ParameterizedTest
    @EnumSource
    void t125AHoleOfOddPlaceAndLength(Delivery delivery) {
        byte[] expected = DATA.clone();
        Arrays.fill(expected, 1001, 1025, (byte) 0);
        assertReads(
                delivery,
                expected,
                cookie -> Wire.data(cookie, START, pattern(START, 1001)),
                cookie -> Wire.hole(cookie, START + 1001, 24),
                cookie -> Wire.lastData(cookie, START + 1025, pattern(START + 1025, LENGTH - 1025)));
    }

    @Test
    void aHoleMayBeTheWholeOfARead() {
        assertReads(Delivery.MESSAGES, new byte[LENGTH], cookie -> Wire.lastHole(cookie, START, LENGTH));
    }

    /** The destination holds other bytes before, as pooled memory does. */
    private static void assertReads(Delivery delivery, byte[] expected, Chunk... chunks) {
        try (Rig rig = Rig.structured()) {
            // Given
            ByteBuf destination = rig.dirty(LENGTH);
            int index = destination.writerIndex();
            byte[] before = new byte[index];
            destination.getBytes(0, before);
            NbdFuture<?> read = rig.commands.read(destination, START);
            long cookie = rig.request().cookie();

            // When
            rig.answer(
                    delivery,
                    Arrays.stream(chunks).map(chunk -> chunk.of(cookie)).toArray(byte[][]::new));

            // Then
            assertThat(read).isCompleted();
            byte[] bytes = new byte[LENGTH];
            destination.getBytes(index, bytes);
            assertThat(bytes).isEqualTo(expected);
            assertThat(destination.writerIndex()).isEqualTo(index + LENGTH);
            byte[] after = new byte[index];
            destination.getBytes(0, after);
            assertThat(after).as("what is before the destination").isEqualTo(before);
            assertThat(destination.refCnt()).isEqualTo(1);
            destination.release();
            rig.assertWorks();
        }
    }

    @ParameterizedTest
    @EnumSource
    void t126ChunksOfTwoReadsInterleave(Delivery delivery) {
        try (Rig rig = Rig.structured()) {
            // Given
            NbdFuture<ByteBuf> a = rig.commands.read(LENGTH, START);
            NbdFuture<ByteBuf> b = rig.commands.read(1024, 0);
            List<Request> requests = rig.requests();
            long cookieA = requests.get(0).cookie();
            long cookieB = requests.get(1).cookie();

            // When
            rig.answer(
                    delivery,
                    Wire.data(cookieA, START, FIRST),
                    Wire.data(cookieB, 512, pattern(512, 512)),
                    Wire.lastData(cookieA, HALF, SECOND),
                    Wire.lastData(cookieB, 0, pattern(0, 512)));

            // Then
            assertThat(bytesOf(a)).isEqualTo(DATA);
            assertThat(bytesOf(b)).isEqualTo(pattern(0, 1024));
        }
    }

    @ParameterizedTest
    @EnumSource
    void t127ASimpleReplyBetweenTheChunksOfARead(Delivery delivery) {
        try (Rig rig = Rig.structured()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(LENGTH, START);
            NbdFuture<?> write = rig.commands.write(rig.payload(0, 512), 0, 0);
            List<Request> requests = rig.requests();

            // When
            rig.answer(
                    delivery,
                    Wire.data(requests.get(0).cookie(), START, FIRST),
                    Wire.simple(requests.get(1).cookie(), 0),
                    Wire.lastData(requests.get(0).cookie(), HALF, SECOND));

            // Then
            assertThat(write).isCompleted();
            assertThat(bytesOf(read)).isEqualTo(DATA);
        }
    }

    @ParameterizedTest
    @EnumSource
    void t128LessThanTheRangeIsAFailure(Delivery delivery) {
        NbdProtocolException failure = assertFails(
                delivery, NbdProtocolException.class, cookie -> Wire.data(cookie, START, FIRST), Wire::none);
        assertThat(failure).hasMessageContaining("less than was asked for");
    }

    @Test
    void nothingAtAllIsAFailure() {
        assertFails(Delivery.MESSAGES, NbdProtocolException.class, Wire::none);
    }

    @Test
    void aPartSentTwiceIsAFailure() {
        NbdProtocolException failure = assertFails(
                Delivery.MESSAGES,
                NbdProtocolException.class,
                cookie -> Wire.data(cookie, START, FIRST),
                cookie -> Wire.hole(cookie, START + 1, 10),
                cookie -> Wire.lastData(cookie, HALF, SECOND));
        assertThat(failure).hasMessageContaining("twice");
    }

    /** Else a few bytes of the server's would keep the event loop busy with as much memory as a read may have. */
    @Test
    void aHoleThatComesAgainIsNotZeroedAgain() {
        try (Rig rig = Rig.structured()) {
            // Given
            ByteBuf destination = rig.dirty(LENGTH);
            NbdFuture<?> read = rig.commands.read(destination, START);
            long cookie = rig.request().cookie();
            rig.answer(Wire.hole(cookie, START, LENGTH));
            byte[] marked = new byte[LENGTH];
            Arrays.fill(marked, (byte) 0x5a);
            destination.setBytes(destination.writerIndex(), marked);

            // When
            rig.answer(Wire.hole(cookie, START, LENGTH), Wire.hole(cookie, START + 1, 1), Wire.none(cookie));

            // Then
            assertThat(failureOf(read, NbdProtocolException.class)).hasMessageContaining("twice");
            assertThat(ByteBufUtil.getBytes(destination, destination.writerIndex(), LENGTH))
                    .isEqualTo(marked);
            destination.release();
            rig.assertWorks();
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatComesOfAReadThatHasFailedIsThrownAway(Delivery delivery) {
        try (Rig rig = Rig.structured()) {
            // Given
            ByteBuf destination = rig.dirty(LENGTH);
            byte[] before = ByteBufUtil.getBytes(destination, 0, destination.capacity());
            NbdFuture<?> read = rig.commands.read(destination, START);
            long cookie = rig.request().cookie();

            // When
            rig.answer(
                    delivery,
                    Wire.error(cookie, 5, "disk"),
                    Wire.data(cookie, START, FIRST),
                    Wire.lastHole(cookie, HALF, LENGTH / 2));

            // Then
            assertThat(failureOf(read, CommandRefusedException.class).errno()).isEqualTo(NbdError.EIO);
            assertThat(ByteBufUtil.getBytes(destination, 0, destination.capacity()))
                    .isEqualTo(before);
            destination.release();
            rig.assertWorks();
        }
    }

    /** Each part that stands alone has to be remembered. */
    @Test
    void aReadInMorePartsThanCanBeMeantFailsAlone() {
        NbdProtocolException failure = assertFails(
                Delivery.TOGETHER,
                NbdProtocolException.class,
                cookie -> everySecondByte(cookie, 1, LENGTH),
                cookie -> everySecondByte(cookie, 0, LENGTH),
                Wire::none);
        assertThat(failure).hasMessageContaining("parts");
    }

    @Test
    void aReadMayBeScatteredOverAsManyPartsAsItHasSectorsAndSome() {
        assertReads(
                Delivery.TOGETHER,
                new byte[LENGTH],
                cookie -> everySecondByte(cookie, 1, 2048),
                cookie -> everySecondByte(cookie, 0, 2048),
                cookie -> Wire.lastHole(cookie, HALF, LENGTH - 2048));
    }

    private static byte[] everySecondByte(long cookie, int from, int to) {
        return WireBytes.concat(IntStream.range(0, (to - from + 1) / 2)
                .mapToObj(i -> Wire.hole(cookie, START + from + 2L * i, 1))
                .toArray(byte[][]::new));
    }

    @ParameterizedTest
    @EnumSource
    void t135AnErrorBehindGoodData(Delivery delivery) {
        CommandRefusedException failure = assertFails(
                delivery,
                CommandRefusedException.class,
                cookie -> Wire.data(cookie, START, DATA),
                cookie -> Wire.lastError(cookie, 5, "disk"));
        assertThat(failure.errno()).isEqualTo(NbdError.EIO);
        assertThat(failure.serverMessage()).isEqualTo("disk");
        assertThat(failure.fate()).isEqualTo(RequestFate.REFUSED);
        assertThat(failure.errorOffset()).isEqualTo(-1);
    }

    @ParameterizedTest
    @EnumSource
    void t136AnErrorThatIsNotTheLastChunk(Delivery delivery) {
        CommandRefusedException failure = assertFails(
                delivery,
                CommandRefusedException.class,
                cookie -> Wire.error(cookie, 5, "disk"),
                cookie -> Wire.data(cookie, START, DATA),
                Wire::none);
        assertThat(failure.errno()).isEqualTo(NbdError.EIO);
    }

    @Test
    void theFirstOfTwoErrorsCounts() {
        CommandRefusedException failure = assertFails(
                Delivery.MESSAGES,
                CommandRefusedException.class,
                cookie -> Wire.error(cookie, 28, "full"),
                cookie -> Wire.lastError(cookie, 5, "disk"));
        assertThat(failure.errno()).isEqualTo(NbdError.ENOSPC);
    }

    @ParameterizedTest
    @EnumSource
    void t137AndT138TheOffsetOfAnErrorIsBehindItsMessage(Delivery delivery) {
        CommandRefusedException failure = assertFails(
                delivery,
                CommandRefusedException.class,
                cookie -> Wire.data(cookie, START, DATA),
                cookie -> Wire.lastErrorOffset(cookie, 5, "bad sector", START + 512));
        assertThat(failure.errorOffset()).isEqualTo(START + 512);
        assertThat(failure.serverMessage()).isEqualTo("bad sector");
    }

    @ParameterizedTest
    @EnumSource
    void t140AndT141AMessageLongerThanItsChunkIsGivenUp(Delivery delivery) {
        byte[] broken = WireBytes.parse("00000016 0c00 'Read failed' 00");
        CommandRefusedException failure =
                assertFails(delivery, CommandRefusedException.class, cookie -> Wire.chunk(1, 0x8001, cookie, broken));
        assertThat(failure.errno()).isEqualTo(NbdError.EINVAL);
        assertThat(failure.serverMessage()).isNull();
    }

    @Test
    void t142AnErrorOfZeroIsAFailure() {
        NbdProtocolException failure = assertFails(
                Delivery.MESSAGES,
                NbdProtocolException.class,
                cookie -> Wire.data(cookie, START, DATA),
                cookie -> Wire.lastError(cookie, 0, "none"));
        assertThat(failure).hasMessageContaining("without saying which");
    }

    @ParameterizedTest
    @EnumSource
    void t151ASimpleErrorToAReadIsTaken(Delivery delivery) {
        CommandRefusedException failure =
                assertFails(delivery, CommandRefusedException.class, cookie -> Wire.simple(cookie, 22));
        assertThat(failure.errno()).isEqualTo(NbdError.EINVAL);
    }

    @Test
    void anUnknownErrorChunkFailsItsRequestOnly() {
        CommandRefusedException failure = assertFails(
                Delivery.MESSAGES,
                CommandRefusedException.class,
                cookie -> Wire.chunk(1, 0x80ff, cookie, WireBytes.parse("0000001c 0002 'no' deadbeef")));
        assertThat(failure.errno()).isEqualTo(NbdError.ENOSPC);
    }

    @Test
    void whatTheServerSaysIsMadeFitForALog() {
        CommandRefusedException failure = assertFails(
                Delivery.MESSAGES,
                CommandRefusedException.class,
                cookie -> Wire.lastError(cookie, 5, "a\nb\u001b[2J" + "x".repeat(4000)));
        assertThat(failure.serverMessage()).startsWith("a\\nb\\x1b[2J").hasSizeLessThanOrEqualTo(512);
    }

    private static <E extends NbdException> E assertFails(Delivery delivery, Class<E> type, Chunk... chunks) {
        try (Rig rig = Rig.structured()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(LENGTH, START);
            long cookie = rig.request().cookie();

            // When
            rig.answer(
                    delivery,
                    Arrays.stream(chunks).map(chunk -> chunk.of(cookie)).toArray(byte[][]::new));

            // Then
            E failure = failureOf(read, type);
            assertThat(failure.range()).isEqualTo(NbdRange.of(START, LENGTH));
            rig.assertWorks();
            return failure;
        }
    }

    static Stream<Named<Chunk>> violations() {
        return Stream.of(
                violation("T130: data before the range", cookie -> Wire.data(cookie, START - 1, FIRST)),
                violation("T130: data beyond the range", cookie -> Wire.data(cookie, HALF + 1, SECOND)),
                violation("T130: data of more than the range", cookie -> Wire.data(cookie, START, pattern(0, 4097))),
                violation("T130: data at the end of all", cookie -> Wire.data(cookie, -1, new byte[1])),
                violation(
                        "data of 4 GiB, of which nothing is allocated",
                        cookie -> WireBytes.concat(
                                Arrays.copyOf(Wire.chunk(0, 1, cookie, new byte[0]), 16),
                                WireBytes.parse("ffffffff 0000000000002000"))),
                violation("a hole beyond the range", cookie -> Wire.hole(cookie, HALF, 2049)),
                violation("a hole of 4 GiB", cookie -> Wire.hole(cookie, START, -1)),
                violation("T131: a hole of no bytes", cookie -> Wire.hole(cookie, START, 0)),
                violation("T132: data without data", cookie -> Wire.data(cookie, START, new byte[0])),
                violation("T133: data of 7 bytes", cookie -> Wire.chunk(0, 1, cookie, new byte[7])),
                violation("T143: an error of 5 bytes", cookie -> Wire.chunk(1, 0x8001, cookie, new byte[5])),
                violation("T145: an unknown chunk", cookie -> Wire.chunk(1, 7, cookie, new byte[0])),
                violation("T146: NONE with 4 bytes", cookie -> Wire.chunk(1, 0, cookie, new byte[4])),
                violation("T147: NONE without DONE", cookie -> Wire.chunk(0, 0, cookie, new byte[0])),
                violation("T152: a simple reply without an error", cookie -> Wire.simple(cookie, DATA)),
                violation(
                        "T160: block status",
                        cookie -> Wire.chunk(1, 5, cookie, WireBytes.parse("00000001 00001000 00000000"))),
                violation(
                        "T155: a chunk behind the last",
                        cookie -> WireBytes.concat(Wire.lastError(cookie, 5, ""), Wire.data(cookie, START, DATA))),
                violation("a chunk for nobody", cookie -> Wire.data(cookie + 5, START, DATA)));
    }

    private static Named<Chunk> violation(String name, Chunk bytes) {
        return Named.of(name, bytes);
    }

    @ParameterizedTest
    @MethodSource("violations")
    void aViolationDropsTheConnection(Chunk bytes) {
        for (Delivery delivery : Delivery.values()) {
            try (Rig rig = Rig.structured()) {
                // Given
                NbdFuture<ByteBuf> read = rig.commands.read(LENGTH, START);
                NbdFuture<?> write = rig.commands.write(rig.payload(0, 512), 0, 0);
                long cookie = rig.requests().get(0).cookie();

                // When
                rig.answer(delivery, bytes.of(cookie));

                // Then
                rig.assertDropped();
                NbdProtocolException failure = failureOf(write, NbdProtocolException.class);
                assertThat(failure.fate()).isEqualTo(RequestFate.UNKNOWN);
                assertThat(failure.getCause())
                        .isSameAs(rig.losses.get(0).cause())
                        .isNotNull();
                assertThat(read).isCompletedExceptionally();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {Request.WRITE, Request.FLUSH})
    void dataInTheAnswerToAnotherCommandDropsTheConnection(int type) {
        try (Rig rig = Rig.structured()) {
            // Given
            NbdFuture<?> command =
                    type == Request.WRITE ? rig.commands.write(rig.payload(0, 512), 0, 0) : rig.commands.flush();

            // When
            rig.answer(Wire.data(rig.request().cookie(), 0, pattern(0, 512)));

            // Then
            assertThat(failureOf(command, NbdProtocolException.class)).hasMessageContaining("data in the answer to");
            rig.assertDropped();
        }
    }

    @Test
    void aWriteIsAnsweredByAChunkToo() {
        try (Rig rig = Rig.structured()) {
            // Given
            NbdFuture<?> good = rig.commands.write(rig.payload(0, 512), 0, 0);
            NbdFuture<?> bad = rig.commands.write(rig.payload(512, 512), 512, 0);
            List<Request> requests = rig.requests();

            // When
            rig.answer(
                    Wire.lastErrorOffset(requests.get(1).cookie(), 28, "full", 600),
                    Wire.none(requests.get(0).cookie()));

            // Then
            assertThat(good).isCompleted();
            assertThat(failureOf(bad, CommandRefusedException.class).errorOffset())
                    .isEqualTo(600);
        }
    }

    @ParameterizedTest
    @EnumSource
    void t148UnknownChunkFlagsAreIgnored(Delivery delivery) {
        byte[] payload = WireBytes.concat(WireBytes.parse("0000000000002000"), DATA);
        assertReads(delivery, DATA, cookie -> Wire.chunk(0xffff, 1, cookie, payload));
        assertReads(delivery, DATA, cookie -> Wire.chunk(0xfffe, 1, cookie, payload), Wire::none);
    }

    @Test
    void t150DataOfTheMaximumPayloadIsTaken() {
        try (Rig rig = Rig.with().blocks(1, 512, 65536).open()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(65536, 0);

            // When
            rig.answer(Wire.lastData(rig.request().cookie(), 0, pattern(0, 65536)));

            // Then
            assertThat(bytesOf(read)).isEqualTo(pattern(0, 65536));
        }
    }

    @Test
    void t161AndT162AnEndBetweenChunksFailsAll() {
        try (Rig rig = Rig.structured()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(LENGTH, START);
            NbdFuture<?> flush = rig.commands.flush();
            rig.answer(Wire.data(rig.requests().get(0).cookie(), START, DATA));
            assertThat(read).isNotDone();

            // When
            rig.hangUp();

            // Then
            assertThat(failureOf(read, ConnectionLostException.class).fate()).isEqualTo(RequestFate.UNKNOWN);
            assertThat(failureOf(flush, ConnectionLostException.class)).hasMessageContaining("closed the connection");
        }
    }

    @Test
    void t163AChunkSplitAtEveryByte() {
        for (int split = 1; split < 40; split++) {
            try (Rig rig = Rig.structured()) {
                // Given
                NbdFuture<ByteBuf> read = rig.commands.read(LENGTH, START);
                byte[] chunk = Wire.lastData(rig.request().cookie(), START, DATA);

                // When
                rig.answer(Arrays.copyOf(chunk, split), Arrays.copyOfRange(chunk, split, chunk.length));

                // Then
                assertThat(bytesOf(read)).isEqualTo(DATA);
            }
        }
    }

    @Test
    void eshutdownIsToldToTheOwnerOnce() {
        try (Rig rig = Rig.structured()) {
            // Given
            NbdFuture<?> first = rig.commands.flush();
            NbdFuture<?> second = rig.commands.flush();
            NbdFuture<?> third = rig.commands.flush();
            List<Request> requests = rig.requests();

            // When
            rig.answer(
                    Wire.lastError(requests.get(0).cookie(), 108, "bye"),
                    Wire.simple(requests.get(1).cookie(), 108),
                    Wire.simple(requests.get(2).cookie(), 0));

            // Then
            assertThat(rig.shutdowns).isEqualTo(1);
            assertThat(failureOf(first, CommandRefusedException.class).errno()).isEqualTo(NbdError.ESHUTDOWN);
            assertThat(second).isCompletedExceptionally();
            assertThat(third).isCompleted();
            assertThat(rig.losses).isEmpty();
        }
    }
}
