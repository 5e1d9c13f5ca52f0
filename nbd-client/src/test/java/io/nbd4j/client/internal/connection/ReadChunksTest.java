package io.nbd4j.client.internal.connection;

import static io.nbd4j.client.internal.connection.Rig.failureOf;
import static io.nbd4j.client.internal.connection.Wire.pattern;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.nbd4j.client.CommandRefusedException;
import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdProtocolException;
import io.nbd4j.client.NbdRange;
import io.nbd4j.client.NbdTimeoutException;
import io.nbd4j.client.ReadChunk;
import io.nbd4j.client.ReadChunkListener;
import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.TransmissionFlags;
import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Reads that are handed out chunk by chunk. */
class ReadChunksTest {
    private static final int START = 8192;
    private static final int LENGTH = 4096;
    private static final int DF = CommandFlag.DF.bit();

    /** Writes down what it hears. Data is noted with its content, as it is gone afterwards. */
    private static final class Notes implements ReadChunkListener {
        final List<String> chunks = new ArrayList<>();
        final byte[] content = new byte[LENGTH];

        @Override
        public void chunk(ReadChunk chunk) {
            if (chunk instanceof ReadChunk.Data data) {
                ByteBuf bytes = data.content();
                assertThat(bytes.refCnt()).isEqualTo(1);
                chunks.add("data " + data.offset() + " " + bytes.readableBytes());
                bytes.readBytes(content, (int) data.offset() - START, bytes.readableBytes());
            } else if (chunk instanceof ReadChunk.Hole hole) {
                chunks.add("hole " + hole.offset() + " " + hole.length());
                Arrays.fill(
                        content, (int) (hole.offset() - START), (int) (hole.offset() - START + hole.length()), (byte)
                                0);
            } else if (chunk instanceof ReadChunk.Failure error) {
                chunks.add("error " + error.offset() + " " + error.error() + " " + error.message());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void dataAndHolesComeInTheOrderOfTheServer(Delivery delivery) {
        try (Rig rig = Rig.structured()) {
            // Given
            Notes notes = new Notes();
            Arrays.fill(notes.content, (byte) 0x5a);
            NbdFuture<?> read = rig.commands.readChunks(LENGTH, START, notes, 0);
            Request request = rig.request();
            assertThat(request.type()).isEqualTo(Request.READ);
            assertThat(request.length()).isEqualTo(LENGTH);
            long cookie = request.cookie();

            // When
            rig.answer(
                    delivery,
                    Wire.data(cookie, START + 1024, pattern(START + 1024, 1024)),
                    Wire.hole(cookie, START, 1024),
                    Wire.lastData(cookie, START + 2048, pattern(START + 2048, 2048)));

            // Then
            assertThat(read).isCompleted();
            assertThat(notes.chunks).containsExactly("data 9216 1024", "hole 8192 1024", "data 10240 2048");
            byte[] expected = pattern(START, LENGTH);
            Arrays.fill(expected, 0, 1024, (byte) 0);
            assertThat(notes.content).isEqualTo(expected);
            rig.assertWorks();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aSimpleReplyIsOneChunk(Delivery delivery) {
        try (Rig rig = Rig.simple()) {
            // Given
            Notes notes = new Notes();
            NbdFuture<?> read = rig.commands.readChunks(LENGTH, START, notes, 0);

            // When
            rig.answer(delivery, Wire.simple(rig.request().cookie(), pattern(START, LENGTH)));

            // Then
            assertThat(read).isCompleted();
            assertThat(notes.chunks).containsExactly("data 8192 4096");
            assertThat(notes.content).isEqualTo(pattern(START, LENGTH));
            rig.assertWorks();
        }
    }

    @Test
    void extendedChunksAreTheSame() {
        try (Rig rig = Rig.extended()) {
            // Given
            Notes notes = new Notes();
            NbdFuture<?> read = rig.commands.readChunks(LENGTH, START, notes, 0);
            Request request = rig.request();

            // When
            rig.answer(
                    WireExtended.hole(request, START + 2048, 2048),
                    WireExtended.lastData(request, START, pattern(START, 2048)));

            // Then
            assertThat(read).isCompleted();
            assertThat(notes.chunks).containsExactly("hole 10240 2048", "data 8192 2048");
        }
    }

    @Test
    void aChunkIsHandedOutAsSoonAsItIsComplete() {
        try (Rig rig = Rig.structured()) {
            // Given
            Notes notes = new Notes();
            NbdFuture<?> read = rig.commands.readChunks(LENGTH, START, notes, 0);
            long cookie = rig.request().cookie();
            byte[] chunk = Wire.data(cookie, START, pattern(START, 1024));

            // When // Then
            rig.answer(Arrays.copyOf(chunk, chunk.length - 1));
            assertThat(notes.chunks).isEmpty();
            rig.answer(Arrays.copyOfRange(chunk, chunk.length - 1, chunk.length));
            assertThat(notes.chunks).containsExactly("data 8192 1024");
            assertThat(read).isNotDone();
            rig.answer(Wire.lastHole(cookie, START + 1024, LENGTH - 1024));
            assertThat(read).isCompleted();
        }
    }

    @Test
    void errorsAreHandedOutAndFailTheRead() {
        try (Rig rig = Rig.structured()) {
            // Given
            Notes notes = new Notes();
            NbdFuture<?> read = rig.commands.readChunks(LENGTH, START, notes, 0);
            long cookie = rig.request().cookie();

            // When
            rig.answer(
                    Wire.error(cookie, 5, "a\nb"),
                    Wire.data(cookie, START, pattern(START, LENGTH)),
                    Wire.error(cookie, 0, ""),
                    Wire.lastErrorOffset(cookie, 28, "there", START + 512));

            // Then
            assertThat(notes.chunks)
                    .containsExactly(
                            "error -1 EIO a\\nb", "data 8192 4096", "error -1 EIO ", "error 8704 ENOSPC there");
            CommandRefusedException failure = failureOf(read, CommandRefusedException.class);
            assertThat(failure.errno()).isEqualTo(NbdError.EIO);
            assertThat(failure.serverMessage()).isEqualTo("a\\nb");
            rig.assertWorks();
        }
    }

    @Test
    void thePlaceOfAnErrorThatIsOutsideOfTheRangeIsNotHandedOn() {
        for (long offset : new long[] {START - 1, START + LENGTH, -1, Long.MIN_VALUE}) {
            try (Rig rig = Rig.structured()) {
                // Given
                Notes notes = new Notes();
                NbdFuture<?> read = rig.commands.readChunks(LENGTH, START, notes, 0);

                // When
                rig.answer(Wire.lastErrorOffset(rig.request().cookie(), 5, "", offset));

                // Then
                assertThat(notes.chunks).containsExactly("error -1 EIO ");
                failureOf(read, CommandRefusedException.class);
            }
        }
    }

    @Test
    void aSimpleErrorFailsTheRead() {
        try (Rig rig = Rig.structured()) {
            // Given
            Notes notes = new Notes();
            NbdFuture<?> read = rig.commands.readChunks(LENGTH, START, notes, 0);

            // When
            rig.answer(Wire.simple(rig.request().cookie(), 5));

            // Then
            assertThat(failureOf(read, CommandRefusedException.class).errno()).isEqualTo(NbdError.EIO);
            assertThat(notes.chunks).isEmpty();
            rig.assertWorks();
        }
    }

    @Test
    void lessThanTheRangeFailsTheRead() {
        try (Rig rig = Rig.structured()) {
            // Given
            NbdFuture<?> read = rig.commands.readChunks(LENGTH, START, new Notes(), 0);

            // When
            rig.answer(Wire.lastHole(rig.request().cookie(), START, LENGTH - 1));

            // Then
            assertThat(failureOf(read, NbdProtocolException.class)).hasMessageContaining("less than was asked for");
            rig.assertWorks();
        }
    }

    @Test
    void aPartSentTwiceFailsTheRead() {
        try (Rig rig = Rig.structured()) {
            // Given
            NbdFuture<?> read = rig.commands.readChunks(LENGTH, START, new Notes(), 0);
            long cookie = rig.request().cookie();

            // When
            rig.answer(Wire.hole(cookie, START, LENGTH), Wire.lastData(cookie, START, new byte[1]));

            // Then
            assertThat(failureOf(read, NbdProtocolException.class)).hasMessageContaining("twice");
            rig.assertWorks();
        }
    }

    @Test
    void whatIsOutsideOfTheRangeNeverReachesTheListener() {
        try (Rig rig = Rig.structured()) {
            // Given
            Notes notes = new Notes();
            NbdFuture<?> read = rig.commands.readChunks(LENGTH, START, notes, 0);

            // When
            rig.answer(Wire.lastData(rig.request().cookie(), START - 1, new byte[LENGTH]));

            // Then
            rig.assertDropped();
            failureOf(read, NbdProtocolException.class);
            assertThat(notes.chunks).isEmpty();
        }
    }

    // ---- Buffers

    @Test
    void aBufferThatIsKeptIsTheListenersOwn() {
        try (Rig rig = Rig.structured()) {
            // Given
            List<ByteBuf> kept = new ArrayList<>();
            NbdFuture<?> read = rig.commands.readChunks(
                    LENGTH,
                    START,
                    chunk -> {
                        if (chunk instanceof ReadChunk.Data data) {
                            kept.add(data.content().retain());
                        }
                    },
                    0);
            long cookie = rig.request().cookie();

            // When
            rig.answer(
                    Delivery.TOGETHER,
                    Wire.data(cookie, START, pattern(START, 1024)),
                    Wire.lastData(cookie, START + 1024, pattern(START + 1024, LENGTH - 1024)));
            rig.assertWorks();

            // Then
            assertThat(read).isCompleted();
            assertThat(kept).hasSize(2).allMatch(buffer -> buffer.refCnt() == 1);
            assertThat(kept.get(0).capacity()).isEqualTo(1024);
            assertThat(ByteBufUtil.getBytes(kept.get(0))).isEqualTo(pattern(START, 1024));
            assertThat(ByteBufUtil.getBytes(kept.get(1))).isEqualTo(pattern(START + 1024, LENGTH - 1024));
            kept.forEach(ByteBuf::release);
        }
    }

    @Test
    void whereThereIsNoMemoryForAChunkItsReadFailsAlone() {
        ByteBufAllocator exhausted = new AbstractByteBufAllocator(true) {
            @Override
            protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
                throw new OutOfMemoryError("Cannot reserve direct buffer memory");
            }

            @Override
            protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
                throw new AssertionError("a heap buffer");
            }

            @Override
            public boolean isDirectBufferPooled() {
                return false;
            }
        };
        try (Rig rig = Rig.with().allocator(exhausted).open()) {
            // Given
            Notes notes = new Notes();
            NbdFuture<?> read = rig.commands.readChunks(LENGTH, START, notes, 0);
            long cookie = rig.request().cookie();

            // When
            rig.answer(Wire.data(cookie, START, pattern(START, 1024)), Wire.lastHole(cookie, START + 1024, 3072));

            // Then
            assertThatExceptionOfType(CompletionException.class)
                    .isThrownBy(read::join)
                    .withCauseInstanceOf(OutOfMemoryError.class);
            assertThat(notes.chunks).containsExactly("hole 9216 3072");
            NbdFuture<?> flush = rig.commands.flush();
            rig.answer(Wire.none(rig.request().cookie()));
            assertThat(flush).isCompleted();
        }
    }

    // ---- Listeners

    @Test
    void aListenerThatThrowsFailsItsReadAloneAndHearsTheRest() {
        for (Throwable thrown : List.of(new IllegalStateException("no"), new AssertionError("no"))) {
            try (Rig rig = Rig.structured()) {
                // Given
                Notes notes = new Notes();
                NbdFuture<?> read = rig.commands.readChunks(
                        LENGTH,
                        START,
                        chunk -> {
                            notes.chunk(chunk);
                            if (thrown instanceof Error error) {
                                throw error;
                            }
                            throw (RuntimeException) thrown;
                        },
                        0);
                NbdFuture<?> other = rig.commands.flush();
                List<Request> requests = rig.requests();
                long cookie = requests.get(0).cookie();

                // When
                rig.answer(
                        Wire.data(cookie, START, pattern(START, 1024)),
                        Wire.none(requests.get(1).cookie()),
                        Wire.hole(cookie, START + 1024, 1024),
                        Wire.lastData(cookie, START + 2048, pattern(START + 2048, 2048)));

                // Then
                assertThat(notes.chunks).containsExactly("data 8192 1024", "hole 9216 1024", "data 10240 2048");
                assertThatExceptionOfType(CompletionException.class)
                        .isThrownBy(read::join)
                        .withCause(thrown);
                assertThat(other).isCompleted();
                rig.assertWorks();
            }
        }
    }

    @Test
    void whatTheServerSaysCountsMoreThanWhatTheListenerThrows() {
        try (Rig rig = Rig.structured()) {
            // Given
            IllegalStateException thrown = new IllegalStateException("no");
            NbdFuture<?> read = rig.commands.readChunks(
                    LENGTH,
                    START,
                    chunk -> {
                        throw thrown;
                    },
                    0);
            long cookie = rig.request().cookie();

            // When
            rig.answer(Wire.data(cookie, START, pattern(START, 1024)), Wire.lastError(cookie, 5, ""));

            // Then
            CommandRefusedException failure = failureOf(read, CommandRefusedException.class);
            assertThat(failure.getSuppressed()).contains(thrown);
            rig.assertWorks();
        }
    }

    @Test
    void aListenerMayIssueCommands() {
        try (Rig rig = Rig.structured()) {
            // Given
            List<NbdFuture<?>> more = new ArrayList<>();
            NbdFuture<?> read = rig.commands.readChunks(LENGTH, START, chunk -> more.add(rig.commands.flush()), 0);
            long cookie = rig.request().cookie();

            // When
            rig.answer(
                    Delivery.TOGETHER,
                    Wire.data(cookie, START, pattern(START, 1024)),
                    Wire.lastHole(cookie, START + 1024, LENGTH - 1024));

            // Then
            assertThat(read).isCompleted();
            List<Request> flushes = rig.requests();
            assertThat(flushes).extracting(Request::type).containsExactly(Request.FLUSH, Request.FLUSH);
            flushes.forEach(flush -> rig.answer(Wire.none(flush.cookie())));
            assertThat(more).allSatisfy(flush -> assertThat(flush).isCompleted());
        }
    }

    @Test
    void aReadThatWasCancelledHearsNothingMore() {
        try (Rig rig = Rig.structured()) {
            // Given
            Notes notes = new Notes();
            NbdFuture<?> read = rig.commands.readChunks(LENGTH, START, notes, 0);
            long cookie = rig.request().cookie();
            byte[] chunk = Wire.data(cookie, START, pattern(START, 1024));
            rig.answer(Arrays.copyOf(chunk, 500));

            // When
            read.cancel(false);
            rig.turn();

            // Then
            assertThat(read).isCancelled();
            assertThat(rig.memory.metric().usedDirectMemory())
                    .as("the chunk's buffer is gone")
                    .isZero();
            rig.answer(
                    Arrays.copyOfRange(chunk, 500, chunk.length),
                    Wire.hole(cookie, START + 1024, 1024),
                    Wire.data(cookie, START + 2048, pattern(START + 2048, 2048)),
                    Wire.lastError(cookie, 5, ""));
            assertThat(notes.chunks).isEmpty();
            rig.assertWorks();
        }
    }

    @Test
    void aReadWhoseTimeIsOverHearsNothingMore() {
        try (Rig rig = Rig.with().requestSeconds(10).open()) {
            // Given
            Notes notes = new Notes();
            NbdFuture<?> read = rig.commands.readChunks(LENGTH, START, notes, 0);
            long cookie = rig.request().cookie();

            // When
            rig.pass(11);
            rig.answer(Wire.lastData(cookie, START, pattern(START, LENGTH)));

            // Then
            failureOf(read, NbdTimeoutException.class);
            assertThat(notes.chunks).isEmpty();
            rig.assertWorks();
        }
    }

    @Test
    void anEndInTheMiddleOfAChunkFailsTheRead() {
        try (Rig rig = Rig.structured()) {
            // Given
            Notes notes = new Notes();
            NbdFuture<?> read = rig.commands.readChunks(LENGTH, START, notes, 0);
            byte[] chunk = Wire.lastData(rig.request().cookie(), START, pattern(START, LENGTH));
            rig.answer(Arrays.copyOf(chunk, 500));

            // When
            rig.hangUp();

            // Then
            failureOf(read, ConnectionLostException.class);
            assertThat(notes.chunks).isEmpty();
        }
    }

    // ---- Splitting

    @Test
    void aLongReadIsSplitAndHandsOutTheChunksOfAllPieces() {
        try (Rig rig = Rig.with().blocks(1, 512, 1024).inFlight(2).open()) {
            // Given
            Notes notes = new Notes();
            NbdFuture<?> read = rig.commands.readChunks(LENGTH, START, notes, 0);
            List<Request> first = rig.requests();
            assertThat(first).extracting(Request::offset).containsExactly((long) START, START + 1024L);

            // When
            rig.answer(Wire.lastHole(first.get(1).cookie(), START + 1024, 1024));
            rig.answerRead(first.get(0));
            List<Request> second = rig.requests();
            second.forEach(rig::answerRead);

            // Then
            assertThat(second).extracting(Request::offset).containsExactly(START + 2048L, START + 3072L);
            assertThat(notes.chunks)
                    .containsExactly("hole 9216 1024", "data 8192 1024", "data 10240 1024", "data 11264 1024");
            assertThat(read).isCompleted();
            rig.assertWorks();
        }
    }

    @Test
    void aPieceThatFailsNamesItsRangeAndTheOthersGoOn() {
        try (Rig rig = Rig.with().blocks(1, 512, 1024).inFlight(2).open()) {
            // Given
            Notes notes = new Notes();
            NbdFuture<?> read = rig.commands.readChunks(LENGTH, START, notes, 0);
            List<Request> pieces = rig.requests();

            // When
            rig.answer(Wire.lastError(pieces.get(0).cookie(), 5, ""));
            rig.answerRead(pieces.get(1));

            // Then
            assertThat(rig.requests()).isEmpty();
            assertThat(notes.chunks).containsExactly("error -1 EIO ", "data 9216 1024");
            assertThat(failureOf(read, CommandRefusedException.class).range()).isEqualTo(NbdRange.of(START, 1024));
            rig.assertWorks();
        }
    }

    @Test
    void aSplitReadThatWasCancelledHearsNothingMore() {
        try (Rig rig = Rig.with().blocks(1, 512, 1024).inFlight(2).open()) {
            // Given
            Notes notes = new Notes();
            NbdFuture<?> read = rig.commands.readChunks(LENGTH, START, notes, 0);
            List<Request> pieces = rig.requests();

            // When
            read.cancel(false);
            rig.turn();
            pieces.forEach(rig::answerRead);

            // Then
            assertThat(read).isCancelled();
            assertThat(notes.chunks).isEmpty();
            assertThat(rig.requests()).isEmpty();
            rig.assertWorks();
        }
    }

    /** Nothing is allocated for what has not come. */
    @Test
    void aRangeOfAnyLengthMayBeRead() {
        try (Rig rig = Rig.with().inFlight(1).open()) {
            // Given
            NbdFuture<?> read = rig.commands.readChunks(1L << 40, 0, chunk -> {}, 0);

            // When
            Request request = rig.request();
            rig.answer(Wire.lastHole(request.cookie(), 0, 32 << 20));

            // Then
            assertThat(request.length()).isEqualTo(32 << 20);
            assertThat(rig.request().offset()).isEqualTo(32 << 20);
            assertThat(read).isNotDone();
        }
    }

    // ---- DF

    @Test
    void oneChunkIsTheAnswerToDf() {
        try (Rig rig = Rig.structured()) {
            // Given
            Notes notes = new Notes();
            NbdFuture<?> read = rig.commands.readChunks(LENGTH, START, notes, DF);
            Request request = rig.request();

            // When
            rig.answerRead(request);

            // Then
            assertThat(request.flags()).isEqualTo(DF);
            assertThat(read).isCompleted();
            assertThat(notes.chunks).containsExactly("data 8192 4096");
        }
    }

    @Test
    void severalChunksAreNot() {
        try (Rig rig = Rig.structured()) {
            // Given
            NbdFuture<?> read = rig.commands.readChunks(LENGTH, START, new Notes(), DF);
            long cookie = rig.request().cookie();

            // When
            rig.answer(Wire.hole(cookie, START, 1024), Wire.lastHole(cookie, START + 1024, LENGTH - 1024));

            // Then
            assertThat(failureOf(read, NbdProtocolException.class)).hasMessageContaining("DF");
            rig.assertWorks();
        }
    }

    @Test
    void aRefusalOfDfIsTheAnswer() {
        try (Rig rig = Rig.structured()) {
            // Given
            NbdFuture<?> read = rig.commands.readChunks(LENGTH, START, new Notes(), DF);

            // When
            rig.answer(Wire.simple(rig.request().cookie(), 75));

            // Then
            assertThat(failureOf(read, CommandRefusedException.class).errno()).isEqualTo(NbdError.EOVERFLOW);
            assertThat(rig.requests()).isEmpty();
        }
    }

    @Test
    void whatCantBeReadIsRefused() {
        try (Rig rig = Rig.with()
                .flags(Rig.ALL_FLAGS & ~TransmissionFlags.SEND_DF)
                .size(1 << 20)
                .open()) {
            // When
            List<NbdFuture<?>> refused = List.of(
                    rig.commands.readChunks(0, 0, new Notes(), 0),
                    rig.commands.readChunks(-1, 0, new Notes(), 0),
                    rig.commands.readChunks(Long.MAX_VALUE, 1, new Notes(), 0),
                    rig.commands.readChunks(1, 1 << 20, new Notes(), 0),
                    rig.commands.readChunks(LENGTH, 0, new Notes(), DF));

            // Then
            assertThat(refused)
                    .allSatisfy(read -> assertThat(failureOf(read, InvalidRequestException.class)
                                    .errno())
                            .isEqualTo(NbdError.EINVAL));
            assertThat(rig.requests()).isEmpty();
        }
    }
}
