package io.nbd4j.client.internal.connection;

import static io.nbd4j.client.internal.connection.Rig.bytesOf;
import static io.nbd4j.client.internal.connection.Rig.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.BlockStatus;
import io.nbd4j.client.CommandRefusedException;
import io.nbd4j.client.Extent;
import io.nbd4j.client.MetaContext;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdProtocolException;
import io.nbd4j.client.StrictCheck;
import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.NbdError;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is sent once a check of the strict mode is off, and that whatever the server makes of it harms nothing of ours. */
class LaxModeTest {
    private static final int MEBI = 1 << 20;
    private static final int EINVAL = 22;

    @Test
    void aCommandThatIsNotAdvertisedIsSentAndTheServersErrorComesBack() {
        try (Rig rig = Rig.with().flags(1).open()) {
            // Given
            rig.strict.set(StrictCheck.allBut(StrictCheck.COMMANDS));

            // When
            NbdFuture<?> trim = rig.commands.effect(CommandType.TRIM, 4096, 512, CommandFlag.FUA.bit());
            Request request = rig.request();
            rig.answer(Wire.lastError(request.cookie(), EINVAL, "no such command"));

            // Then
            assertThat(request.type()).isEqualTo(Request.TRIM);
            assertThat(request.flags()).isEqualTo(1);
            assertThat(request.offset()).isEqualTo(512);
            assertThat(request.length()).isEqualTo(4096);
            CommandRefusedException refusal = failureOf(trim, CommandRefusedException.class);
            assertThat(refusal.errno()).isEqualTo(NbdError.EINVAL);
            assertThat(refusal.serverMessage()).isEqualTo("no such command");
            rig.assertWorks();
        }
    }

    @Test
    void aReadWithDfThatIsNotAdvertisedIsNotSentAgainWithoutIt() {
        try (Rig rig = Rig.with().flags(1).open()) {
            // Given
            rig.strict.set(StrictCheck.allBut(StrictCheck.COMMANDS));

            // When
            NbdFuture<ByteBuf> read = rig.commands.read(4096, 0, CommandFlag.DF.bit());
            rig.answer(Wire.lastError(rig.request().cookie(), EINVAL, ""));

            // Then
            failureOf(read, CommandRefusedException.class);
            assertThat(rig.requests()).isEmpty();
            rig.assertWorks();
        }
    }

    @Test
    void flagsThatNobodyKnowsAreSent() {
        try (Rig rig = Rig.structured()) {
            // Given
            rig.strict.set(StrictCheck.allBut(StrictCheck.FLAGS));

            // When
            NbdFuture<?> flush = rig.commands.flush(0x8100);
            NbdFuture<?> cache = rig.commands.cache(512, 0, 0xffff);
            List<Request> requests = rig.requests();
            rig.answer(
                    Wire.simple(requests.get(0).cookie(), EINVAL),
                    Wire.simple(requests.get(1).cookie(), 0));

            // Then
            assertThat(requests).extracting(Request::type).containsExactly(Request.FLUSH, Request.CACHE);
            assertThat(requests).extracting(Request::flags).containsExactly(0x8100, 0xffff);
            failureOf(flush, CommandRefusedException.class);
            assertThat(cache).isCompleted();
            rig.assertWorks();
        }
    }

    @Test
    void aReadOfNothingSucceedsInBothFormsOfReply() {
        for (boolean structured : new boolean[] {false, true}) {
            try (Rig rig = Rig.with().structured(structured).open()) {
                // Given
                rig.strict.set(StrictCheck.allBut(StrictCheck.ZERO_SIZE));
                ByteBuf full = rig.memory.directBuffer(4, 4).writeInt(1);

                // When
                NbdFuture<ByteBuf> fresh = rig.commands.read(0, 512);
                NbdFuture<?> into = rig.commands.read(full, 1024);
                NbdFuture<?> intoNio = rig.commands.read(ByteBuffer.allocate(0), 1536);
                List<Request> requests = rig.requests();
                for (Request request : requests) {
                    rig.answer(structured ? Wire.none(request.cookie()) : Wire.simple(request.cookie(), 0));
                }

                // Then
                assertThat(requests).extracting(Request::length).containsOnly(0L);
                assertThat(requests).extracting(Request::offset).containsExactly(512L, 1024L, 1536L);
                assertThat(bytesOf(fresh)).isEmpty();
                assertThat(into).isCompleted();
                assertThat(intoNio).isCompleted();
                assertThat(full.writerIndex()).isEqualTo(4);
                full.release();
                rig.assertWorks();
            }
        }
    }

    @Test
    void aWriteOfNothingIsSentAsAHeaderAlone() {
        try (Rig rig = Rig.structured()) {
            // Given
            rig.strict.set(StrictCheck.allBut(StrictCheck.ZERO_SIZE));

            // When
            NbdFuture<?> write = rig.commands.write(rig.memory.directBuffer(), 512, 0);
            NbdFuture<?> zero = rig.commands.effect(CommandType.WRITE_ZEROES, 0, 512, 0);
            List<Request> requests = rig.requests();
            rig.answer(
                    Wire.simple(requests.get(0).cookie(), 0),
                    Wire.lastError(requests.get(1).cookie(), EINVAL, ""));

            // Then
            assertThat(requests).extracting(Request::length).containsOnly(0L);
            assertThat(write).isCompleted();
            assertThat(failureOf(zero, CommandRefusedException.class).range()).isNull();
            rig.assertWorks();
        }
    }

    @Test
    void aReadAtTheLastOffsetOfTheWireIsSentAndRefused() {
        try (Rig rig = Rig.structured()) {
            // Given
            rig.strict.set(StrictCheck.allBut(StrictCheck.BOUNDS));

            // When
            NbdFuture<ByteBuf> read = rig.commands.read(1, -1);
            Request request = rig.request();
            rig.answer(Wire.lastErrorOffset(request.cookie(), EINVAL, "past the end", -1));

            // Then
            assertThat(request.offset()).isEqualTo(-1);
            failureOf(read, CommandRefusedException.class);
            rig.assertWorks();
        }
    }

    /** The distance between the two offsets is more than a signed number can say. */
    @Test
    void dataFarFromAReadAtAHugeOffsetDropsTheConnectionAndTouchesNothing() {
        try (Rig rig = Rig.structured()) {
            // Given
            rig.strict.set(StrictCheck.allBut(StrictCheck.BOUNDS));
            long offset = -(1L << 40);
            ByteBuf destination = rig.memory.directBuffer(612, 612).writeZero(100);
            NbdFuture<?> read = rig.commands.read(destination, offset);

            // When
            long before = offset + Long.MIN_VALUE + 0xffff_ffceL;
            rig.answer(Wire.data(rig.request().cookie(), before, Wire.pattern(1, 16)));

            // Then
            assertThat(before).isPositive();
            rig.assertDropped();
            failureOf(read, NbdProtocolException.class);
            assertThat(ByteBufUtil.getBytes(destination, 0, 100)).containsOnly(0);
            destination.release();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {-(1L << 40), Long.MIN_VALUE, -512, -100, Long.MAX_VALUE - 100})
    void aReadAtAHugeOffsetIsAnsweredInParts(long offset) {
        try (Rig rig = Rig.structured()) {
            // Given
            rig.strict.set(StrictCheck.allBut(StrictCheck.BOUNDS));
            NbdFuture<ByteBuf> read = rig.commands.read(512, offset);
            long cookie = rig.request().cookie();

            // When
            rig.answer(
                    Wire.data(cookie, offset + 200, Wire.pattern(offset + 200, 312)),
                    Wire.lastData(cookie, offset, Wire.pattern(offset, 200)));

            // Then
            assertThat(bytesOf(read)).isEqualTo(Wire.pattern(offset, 512));
        }
    }

    @Test
    void theStatusOfARangeAtAHugeOffsetIsToldInParts() {
        for (long offset : new long[] {-(1L << 40), -512, Long.MAX_VALUE - 100}) {
            try (Rig rig =
                    Rig.with().contexts(new MetaContext(0, "base:allocation")).open()) {
                // Given
                rig.strict.set(StrictCheck.allBut(StrictCheck.BOUNDS));
                long part = Commands.MAX_COMPACT_EFFECT;
                NbdFuture<BlockStatus> status = rig.commands.blockStatus(part + 1024, offset, 0);

                // When
                rig.answer(Wire.lastStatus(rig.request().cookie(), 0, 512, 1, 0xffff_ffffL, 0));
                Request second = rig.request();
                rig.answer(Wire.lastStatus(second.cookie(), 0, 0xffff_ffffL, 2));

                // Then
                assertThat(second.offset()).isEqualTo(offset + part);
                assertThat(second.length()).isEqualTo(1024);
                assertThat(status.join().extents("base:allocation"))
                        .containsExactly(
                                new Extent(offset, 512, 1),
                                new Extent(offset + 512, part - 512, 0),
                                new Extent(offset + part, 1024, 2));
            }
        }
    }

    @Test
    void dataBeyondTheExportIsTakenIfTheServerHasIt() {
        try (Rig rig = Rig.with().size(4096).open()) {
            // Given
            rig.strict.set(StrictCheck.allBut(StrictCheck.BOUNDS));

            // When
            NbdFuture<ByteBuf> read = rig.commands.read(8192, 0);
            rig.answerRead(rig.request());

            // Then
            assertThat(bytesOf(read)).isEqualTo(Wire.pattern(0, 8192));
        }
    }

    @Test
    void aRangeThatIsNotAlignedIsSent() {
        try (Rig rig = Rig.with().blocks(512, 4096, 1 << 20).open()) {
            // Given
            rig.strict.set(StrictCheck.allBut(StrictCheck.ALIGN));

            // When
            NbdFuture<ByteBuf> read = rig.commands.read(1, 1);
            Request request = rig.request();
            rig.answer(Wire.lastError(request.cookie(), EINVAL, ""));

            // Then
            assertThat(request.offset()).isEqualTo(1);
            assertThat(request.length()).isEqualTo(1);
            failureOf(read, CommandRefusedException.class);
            rig.assertWorks();
        }
    }

    @Test
    void aPayloadBeyondTheMaximumIsSentAsAWholeUpTo64Mebibytes() {
        try (Rig rig = Rig.with().blocks(1, 4096, MEBI).open()) {
            // Given
            NbdFuture<ByteBuf> strict = rig.commands.read(2 * MEBI, 0);
            List<Request> split = rig.requests();
            split.forEach(rig::answerRead);
            rig.strict.set(StrictCheck.allBut(StrictCheck.PAYLOAD));

            // When
            NbdFuture<ByteBuf> read = rig.commands.read(33 * MEBI, 0);
            NbdFuture<?> write = rig.commands.write(rig.payload(0, 65 * MEBI), 0, 0);
            NbdFuture<?> cache = rig.commands.cache(1L << 32, 0);
            Request whole = rig.request();
            rig.answerRead(whole);
            Request first = rig.request();
            rig.answer(Wire.simple(first.cookie(), 0));
            List<Request> rest = rig.requests();
            rest.forEach(request -> rig.answer(Wire.simple(request.cookie(), 0)));

            // Then
            assertThat(split).extracting(Request::length).containsExactly((long) MEBI, (long) MEBI);
            assertThat(bytesOf(strict)).hasSize(2 * MEBI);
            assertThat(whole.length()).isEqualTo(33 * MEBI);
            assertThat(bytesOf(read)).isEqualTo(Wire.pattern(0, 33 * MEBI));
            assertThat(first.length()).isEqualTo(64 * MEBI);
            assertThat(rest).extracting(Request::length).containsExactly((long) MEBI, 0xffff_0000L, 0x10000L);
            assertThat(write).isCompleted();
            assertThat(cache).isCompleted();
        }
    }

    @Test
    void payloadLengthIsTheCallersOnlyWithoutItsCheck() {
        try (Rig rig = Rig.structured()) {
            // Given
            int flag = CommandFlag.PAYLOAD_LEN.bit();

            // When
            rig.commands.write(rig.payload(0, 512), 0, flag);
            rig.strict.set(StrictCheck.allBut(StrictCheck.AUTO_FLAG, StrictCheck.COMMANDS));
            rig.commands.write(rig.payload(0, 512), 0, flag);

            // Then
            assertThat(rig.requests()).extracting(Request::flags).containsExactly(0, flag);
        }
    }
}
