package io.nbd4j.client.conformance;

import static io.nbd4j.client.conformance.Request.DF;
import static io.nbd4j.client.conformance.Request.READ;
import static io.nbd4j.client.conformance.Request.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.CommandRefusedException;
import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.NbdException;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdProtocolException;
import io.nbd4j.client.NbdRange;
import io.nbd4j.client.RequestFate;
import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.golden.WireBytes;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;

/** Section 6.5: structured replies. The time limit only ends what hangs. */
@Timeout(60)
class StructuredRepliesIT {
    /** Most cases read this range. */
    private static final int START = 0x2000;

    private static final int LENGTH = 1024;
    private static final int HALF = LENGTH / 2;
    private static final String START_HEX = "0000000000002000";
    private static final String CHUNK = "668e33ef";

    private static final byte[] DATA = Says.pattern(START, LENGTH);

    // ---- Reads that succeed

    @EachWay
    @TypedBytes
    void t120_dataThatIsTheLastChunk(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.STRUCTURED)) {
            // When
            NbdFuture<ByteBuf> read = dialogue.nbd.pread(16, 0x200);
            dialogue.expect("25609513 0000 0000");
            String cookie = dialogue.server().readHex(8);
            dialogue.expect("0000000000000200 00000010")
                    .send("668e33ef 0001 0001" + cookie + "00000018")
                    .send("0000000000000200 'sixteen bytes...'");

            // Then
            assertThat(dialogue.bytesOf(read)).isEqualTo(WireBytes.parse("'sixteen bytes...'"));
            dialogue.assertWorks();
        }
    }

    @EachWay
    void t121_dataThenNone(Way way) {
        assertReads(way, request -> List.of(Says.data(request, START, LENGTH), Says.none(request)), DATA);
    }

    @EachWay
    void t122_halvesInReverse(Way way) {
        assertReads(
                way,
                request -> List.of(
                        Says.data(request, START + HALF, HALF), Says.data(request, START, HALF), Says.none(request)),
                DATA);
    }

    @EachWay
    void t123_aHoleIsZeroedInADirtyBuffer(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.STRUCTURED)) {
            // Given
            ByteBuf dirty = PooledByteBufAllocator.DEFAULT.directBuffer(LENGTH, LENGTH);
            dirty.setBytes(0, WireBytes.parse("ff*" + LENGTH));
            NbdFuture<@Nullable Void> read = dialogue.nbd.pread(dirty, START);
            Request request = dialogue.receive(READ);

            // When
            dialogue.send(
                    Says.data(request, START, 256),
                    Says.data(request, START + 768, 256),
                    Says.lastHole(request, START + 256, 512));
            dialogue.await(read);

            // Then
            byte[] bytes = ByteBufUtil.getBytes(dirty);
            dirty.release();
            assertThat(bytes).isEqualTo(withHole(256, 512));
            dialogue.assertWorks();
        }
    }

    @EachWay
    void t125_aHoleOfAnOddPlaceAndLength(Way way) {
        assertReads(
                way,
                request -> List.of(
                        Says.data(request, START, 7),
                        Says.hole(request, START + 7, 24),
                        Says.lastData(request, START + 31, LENGTH - 31)),
                withHole(7, 24));
    }

    private static byte[] withHole(int start, int length) {
        byte[] expected = DATA.clone();
        Arrays.fill(expected, start, start + length, (byte) 0);
        return expected;
    }

    /** Makes the chunks of an answer. */
    private interface Answer {
        List<byte[]> to(Request request);
    }

    private static void assertReads(Way way, Answer answer, byte[] expected) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.STRUCTURED)) {
            NbdFuture<ByteBuf> read = dialogue.nbd.pread(LENGTH, START);
            answer.to(dialogue.receive(READ)).forEach(dialogue::send);
            assertThat(dialogue.bytesOf(read)).isEqualTo(expected);
            dialogue.assertWorks();
        }
    }

    @EachWay
    void t126_chunksOfTwoReadsMayInterleave(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.STRUCTURED)) {
            // Given
            NbdFuture<ByteBuf> first = dialogue.nbd.pread(LENGTH, START);
            Request a = dialogue.receive(READ);
            NbdFuture<ByteBuf> second = dialogue.nbd.pread(100, 0);
            Request b = dialogue.receive(READ);

            // When
            dialogue.send(
                    Says.data(a, START, HALF),
                    Says.data(b, 0, 50),
                    Says.lastData(a, START + HALF, HALF),
                    Says.lastData(b, 50, 50));

            // Then
            assertThat(dialogue.bytesOf(first)).isEqualTo(DATA);
            assertThat(dialogue.bytesOf(second)).isEqualTo(Says.pattern(0, 100));
            dialogue.assertWorks();
        }
    }

    @EachWay
    void t127_aSimpleReplyMayComeBetweenTheChunksOfARead(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.STRUCTURED)) {
            // Given
            NbdFuture<ByteBuf> read = dialogue.nbd.pread(LENGTH, START);
            Request reading = dialogue.receive(READ);
            NbdFuture<@Nullable Void> write = dialogue.nbd.pwrite(Unpooled.wrappedBuffer(new byte[16]), 0);
            Request writing = dialogue.receive(WRITE);
            dialogue.expect("00*16");

            // When
            dialogue.send(
                    Says.data(reading, START, HALF),
                    Says.simple(writing, 0),
                    Says.lastData(reading, START + HALF, HALF));

            // Then
            dialogue.await(write);
            assertThat(dialogue.bytesOf(read)).isEqualTo(DATA);
            dialogue.assertWorks();
        }
    }

    @EachWay
    void t148_unknownChunkFlagsAreIgnored(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.STRUCTURED)) {
            NbdFuture<ByteBuf> read = dialogue.nbd.pread(4, START);
            Request request = dialogue.receive(READ);
            dialogue.send(CHUNK + "fffe 0001" + request.echo() + "0000000a" + START_HEX + "'da'")
                    .send(CHUNK + "ffff 0001" + request.echo() + "0000000a 0000000000002002 'ta'");
            assertThat(dialogue.bytesOf(read)).isEqualTo(WireBytes.parse("'data'"));
            dialogue.assertWorks();
        }
    }

    @EachWay
    void t150_dataOfExactlyTheMaximumPayloadIsAccepted(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.STRUCTURED.sizes("00000001 00001000 00001000"))) {
            NbdFuture<ByteBuf> read = dialogue.nbd.pread(4096, START);
            dialogue.send(Says.allData(dialogue.receive(READ)));
            assertThat(dialogue.bytesOf(read)).isEqualTo(Says.pattern(START, 4096));
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t163_aChunkMayBeSplitAtEveryByte(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.STRUCTURED)) {
            for (int split = 1; split < 20 + 8 + 4; split++) {
                // When
                NbdFuture<ByteBuf> read = dialogue.nbd.pread(4, START);
                String chunk = CHUNK + "00010001" + dialogue.receive(READ).echo() + "0000000c" + START_HEX + "64617461";
                dialogue.send(chunk.substring(0, 2 * split)).server().expectSilence(Duration.ofMillis(1));
                dialogue.send(chunk.substring(2 * split));

                // Then
                assertThat(dialogue.bytesOf(read)).as("split at %d", split).isEqualTo(WireBytes.parse("'data'"));
            }
            dialogue.assertWorks();
        }
    }

    // ---- Reads that fail alone

    @EachWay
    void t128_lessThanTheRangeIsAFailure(Way way) {
        NbdProtocolException failure = assertFails(
                way,
                NbdProtocolException.class,
                request -> List.of(Says.data(request, START, HALF), Says.none(request)));
        assertThat(failure).hasMessageContaining("less than was asked for");
    }

    @EachWay
    @TypedBytes
    void t135_anErrorBehindGoodDataFailsTheRead(Way way) {
        CommandRefusedException refused = assertFails(
                way,
                CommandRefusedException.class,
                request -> List.of(
                        WireBytes.parse(CHUNK + "0000 0001" + request.echo() + "00000408" + START_HEX),
                        DATA,
                        WireBytes.parse(CHUNK + "0001 8001" + request.echo() + "0000000a 00000005 0004 'disk'")));
        assertThat(refused.errno()).isEqualTo(NbdError.EIO);
        assertThat(refused.serverMessage()).isEqualTo("disk");
        assertThat(refused.errorOffset()).isEqualTo(-1);
    }

    @EachWay
    void t136_anErrorThatIsNotTheLastChunkFailsTheRead(Way way) {
        CommandRefusedException refused = assertFails(
                way,
                CommandRefusedException.class,
                request -> List.of(
                        Says.error(request, NbdError.EIO.wire(), ""),
                        Says.data(request, START, LENGTH),
                        Says.none(request)));
        assertThat(refused.errno()).isEqualTo(NbdError.EIO);
    }

    @EachWay
    void t137_anErrorWithinDataThatWasSentFailsTheRead(Way way) {
        CommandRefusedException refused = assertFails(
                way,
                CommandRefusedException.class,
                request -> List.of(
                        Says.data(request, START, LENGTH),
                        Says.errorOffset(request, NbdError.EIO.wire(), START + 100, ""),
                        Says.none(request)));
        assertThat(refused.errno()).isEqualTo(NbdError.EIO);
        assertThat(refused.errorOffset()).isEqualTo(START + 100);
    }

    @EachWay
    @TypedBytes
    void t138_theOffsetOfAnErrorIsBehindItsMessage(Way way) {
        CommandRefusedException refused = assertFails(
                way,
                CommandRefusedException.class,
                request -> List.of(WireBytes.parse(
                        CHUNK + "0001 8002" + request.echo() + "00000016 0000001c 0008 'no space' 0000000000002345")));
        assertThat(refused.errno()).isEqualTo(NbdError.ENOSPC);
        assertThat(refused.serverMessage()).isEqualTo("no space");
        assertThat(refused.errorOffset()).isEqualTo(0x2345);
    }

    /** Lenient: the error counts, its words are given up, and the rest of the chunk is skipped. */
    @EachWay
    @TypedBytes
    void t140_aMessageLongerThanItsChunkIsGivenUp(Way way) {
        CommandRefusedException refused = assertFails(
                way,
                CommandRefusedException.class,
                request -> List.of(
                        WireBytes.parse(CHUNK + "0001 8001" + request.echo() + "0000000a 00000005 0005 'abcd'")));
        assertThat(refused.errno()).isEqualTo(NbdError.EIO);
        assertThat(refused.serverMessage()).isNull();
    }

    @EachWay
    @TypedBytes
    void t141_theErrorOfNbdServerIsUnderstood(Way way) {
        CommandRefusedException refused = assertFails(
                way,
                CommandRefusedException.class,
                request -> List.of(WireBytes.parse(
                        CHUNK + "0001 8001" + request.echo() + "00000012 00000016 0c00 'Read failed' 00")));
        assertThat(refused.errno()).isEqualTo(NbdError.EINVAL);
        assertThat(refused.serverMessage()).isNull();
    }

    @EachWay
    @TypedBytes
    void t142_anErrorOfZeroIsAFailure(Way way) {
        assertFails(
                way,
                NbdProtocolException.class,
                request -> List.of(WireBytes.parse(CHUNK + "0001 8001" + request.echo() + "00000006 00000000 0000")));
    }

    @EachWay
    @TypedBytes
    void t151_aSimpleErrorToAReadIsTaken(Way way) {
        CommandRefusedException refused = assertFails(
                way,
                CommandRefusedException.class,
                request -> List.of(WireBytes.parse("67446698 00000016" + request.echo())));
        assertThat(refused.errno()).isEqualTo(NbdError.EINVAL);
    }

    private static <E extends NbdException> E assertFails(Way way, Class<E> type, Answer answer) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.STRUCTURED)) {
            // When
            NbdFuture<ByteBuf> read = dialogue.nbd.pread(LENGTH, START);
            answer.to(dialogue.receive(READ)).forEach(dialogue::send);

            // Then
            E failure = dialogue.failureOf(read, type);
            assertThat(failure.range()).isEqualTo(NbdRange.of(START, LENGTH));
            dialogue.assertWorks();
            return failure;
        }
    }

    @EachWay
    void t161_aReadWhoseLastChunkDoesNotComeTimesOutAlone(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.STRUCTURED)) {
            // Given
            NbdFuture<ByteBuf> read = dialogue.nbd.pread(LENGTH, START);
            Request request = dialogue.receive(READ);
            dialogue.send(Says.data(request, START, LENGTH));

            // When
            dialogue.failureOf(read.orTimeout(20, TimeUnit.MILLISECONDS), TimeoutException.class);

            // Then
            dialogue.assertWorks();
            dialogue.send(Says.none(request)).assertWorks();
        }
    }

    // ---- What ends the connection

    @EachWay
    @TypedBytes
    void t130_dataOutsideOfTheRequestEndsTheConnection(Way way) {
        assertViolates(way, request -> CHUNK + "0000 0001" + request.echo() + "00000009 0000000000001fff 00");
        assertViolates(way, request -> CHUNK + "0000 0001" + request.echo() + "0000000a 00000000000023ff 0000");
    }

    @EachWay
    @TypedBytes
    void t131_aHoleOfNothingEndsTheConnection(Way way) {
        assertViolates(way, request -> CHUNK + "0000 0002" + request.echo() + "0000000c" + START_HEX + "00000000");
    }

    /** Not tolerated: the specification asks for at least one byte. */
    @EachWay
    @TypedBytes
    void t132_dataWithoutDataEndsTheConnection(Way way) {
        assertViolates(way, request -> CHUNK + "0000 0001" + request.echo() + "00000008" + START_HEX);
    }

    @EachWay
    @TypedBytes
    void t133_dataWithoutAWholeOffsetEndsTheConnection(Way way) {
        assertViolates(way, request -> CHUNK + "0000 0001" + request.echo() + "00000007 00*7");
    }

    @EachWay
    @TypedBytes
    void t143_anErrorOfFiveBytesEndsTheConnection(Way way) {
        assertViolates(way, request -> CHUNK + "0001 8001" + request.echo() + "00000005 00000005 00");
    }

    @EachWay
    @TypedBytes
    void t145_anUnknownChunkEndsTheConnection(Way way) {
        assertViolates(way, request -> CHUNK + "0001 0007" + request.echo() + "00000000");
    }

    @EachWay
    @TypedBytes
    void t146_aNoneThatCarriesSomethingEndsTheConnection(Way way) {
        assertViolates(way, request -> CHUNK + "0001 0000" + request.echo() + "00000004 00000000");
    }

    @EachWay
    @TypedBytes
    void t147_aNoneThatIsNotTheLastEndsTheConnection(Way way) {
        assertViolates(way, request -> CHUNK + "0000 0000" + request.echo() + "00000000");
    }

    @EachWay
    @TypedBytes
    void t152_aSimpleReplyWithoutAnErrorToAReadEndsTheConnection(Way way) {
        assertViolates(way, request -> "67446698 00000000" + request.echo() + "00*1024");
    }

    @EachWay
    @TypedBytes
    void t160_blockStatusInTheAnswerToAReadEndsTheConnection(Way way) {
        assertViolates(way, request -> CHUNK + "0001 0005" + request.echo() + "0000000c 00000001 00001000 00000000");
    }

    /** Makes what a server may not say, typed as hex. */
    private interface Violation {
        String in(Request request);
    }

    private static void assertViolates(Way way, Violation violation) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.STRUCTURED)) {
            NbdFuture<ByteBuf> read = dialogue.nbd.pread(LENGTH, START);
            Request request = dialogue.receive(READ);
            NbdFuture<ByteBuf> other = dialogue.nbd.pread(LENGTH, 0);
            dialogue.receive(READ);
            dialogue.send(violation.in(request)).assertDropped(read, other);
        }
    }

    @EachWay
    void t153_aChunkThatWasNotAgreedOnEndsTheConnection(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.SIMPLE)) {
            NbdFuture<ByteBuf> read = dialogue.nbd.pread(LENGTH, START);
            dialogue.send(Says.allData(dialogue.receive(READ))).assertDropped(read);
        }
    }

    @EachWay
    void t155_aChunkBehindTheLastEndsTheConnection(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.STRUCTURED)) {
            // Given
            NbdFuture<ByteBuf> read = dialogue.nbd.pread(LENGTH, START);
            Request request = dialogue.receive(READ);
            NbdFuture<ByteBuf> pending = dialogue.nbd.pread(LENGTH, 0);
            dialogue.receive(READ);
            dialogue.send(Says.allData(request));
            assertThat(dialogue.bytesOf(read)).isEqualTo(DATA);

            // When // Then
            dialogue.send(Says.none(request)).assertDropped(pending);
        }
    }

    @EachWay
    void t162_anEndBetweenChunksFailsAll(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.STRUCTURED)) {
            // Given
            NbdFuture<ByteBuf> begun = dialogue.nbd.pread(LENGTH, START);
            Request request = dialogue.receive(READ);
            NbdFuture<ByteBuf> other = dialogue.nbd.pread(LENGTH, 0);
            dialogue.receive(READ);

            // When
            dialogue.send(Says.data(request, START, LENGTH)).server().hangUp();

            // Then
            for (NbdFuture<ByteBuf> read : List.of(begun, other)) {
                assertThat(dialogue.failureOf(read, ConnectionLostException.class)
                                .fate())
                        .isEqualTo(RequestFate.UNKNOWN);
            }
            assertThat(dialogue.nbd.isDead()).isTrue();
        }
    }

    // ---- Reads in one part

    @EachWay
    void t156_aReadInOnePartIsAnsweredInOnePart(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.STRUCTURED)) {
            // Given
            NbdFuture<ByteBuf> good = dialogue.nbd.pread(LENGTH, START, CommandFlag.DF);
            Request one = dialogue.receive(READ, DF);
            dialogue.send(Says.data(one, START, LENGTH), Says.none(one));
            assertThat(dialogue.bytesOf(good)).isEqualTo(DATA);

            // When
            NbdFuture<ByteBuf> bad = dialogue.nbd.pread(LENGTH, START, CommandFlag.DF);
            Request two = dialogue.receive(READ, DF);
            dialogue.send(Says.data(two, START, HALF), Says.lastData(two, START + HALF, HALF));

            // Then
            dialogue.failureOf(bad, NbdProtocolException.class);
            dialogue.assertWorks();
        }
    }

    @EachWay
    void t157_whatIsTooLongForOnePartIsReadInSeveral(Way way) {
        assertReadWithoutDf(
                way, request -> List.of(Says.lastError(request, NbdError.EOVERFLOW.wire(), "too long for one part")));
    }

    @EachWay
    @TypedBytes
    void t158_aSimpleErrorToAReadInOnePartIsFollowedByAPlainRead(Way way) {
        assertReadWithoutDf(way, request -> List.of(WireBytes.parse("67446698 00000016" + request.echo())));
    }

    private static void assertReadWithoutDf(Way way, Answer refusal) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.STRUCTURED)) {
            // When
            NbdFuture<ByteBuf> read = dialogue.nbd.pread(LENGTH, START, CommandFlag.DF);
            refusal.to(dialogue.receive(READ, DF)).forEach(dialogue::send);
            Request again = dialogue.receive(READ);
            assertThat(again.offset()).isEqualTo(START);
            assertThat(again.length()).isEqualTo(LENGTH);
            dialogue.send(WireBytes.parse(CHUNK + "0000 0001" + again.echo() + "00000208" + START_HEX))
                    .send(Says.pattern(START, HALF))
                    .send(WireBytes.parse(CHUNK + "0001 0001" + again.echo() + "00000208 0000000000002200"))
                    .send(Says.pattern(START + HALF, HALF));

            // Then
            assertThat(dialogue.bytesOf(read)).isEqualTo(DATA);
            dialogue.assertWorks();
        }
    }
}
