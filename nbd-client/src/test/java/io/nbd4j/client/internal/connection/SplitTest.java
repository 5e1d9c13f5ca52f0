package io.nbd4j.client.internal.connection;

import static io.nbd4j.client.internal.connection.Rig.bytesOf;
import static io.nbd4j.client.internal.connection.Rig.failureOf;
import static io.nbd4j.client.internal.connection.Wire.pattern;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.CommandRefusedException;
import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdRange;
import io.nbd4j.client.RequestFate;
import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.NbdError;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Requests that are longer than the server takes at once. */
class SplitTest {
    private static final int MAXIMUM = 65536;
    private static final int ESHUTDOWN = 108;

    private static Rig rig() {
        return Rig.with().blocks(1, 512, MAXIMUM).open();
    }

    @Test
    void aReadIsJoinedWhateverTheOrderOfItsAnswers() {
        try (Rig rig = rig()) {
            // Given
            int length = 2 * MAXIMUM + 1000;
            NbdFuture<ByteBuf> read = rig.commands.read(length, 700);
            List<Request> pieces = new ArrayList<>(rig.requests());
            assertThat(pieces).extracting(Request::offset).containsExactly(700L, 700L + MAXIMUM, 700L + 2 * MAXIMUM);
            assertThat(pieces).extracting(Request::length).containsExactly((long) MAXIMUM, (long) MAXIMUM, 1000L);

            // When
            Collections.reverse(pieces);
            pieces.forEach(rig::answerRead);

            // Then
            assertThat(bytesOf(read)).isEqualTo(pattern(700, length));
            rig.assertWorks();
        }
    }

    @Test
    void aReadIntoTheCallersBufferIsJoined() {
        try (Rig rig = rig()) {
            // Given
            int length = MAXIMUM + 512;
            ByteBuf destination = rig.dirty(length);
            int index = destination.writerIndex();
            ByteBuffer heap = ByteBuffer.allocate(length + 7).position(7);

            // When
            NbdFuture<?> read = rig.commands.read(destination, 0);
            NbdFuture<?> readNio = rig.commands.read(heap, 4096);
            rig.requests().forEach(rig::answerRead);

            // Then
            assertThat(read).isCompleted();
            assertThat(readNio).isCompleted();
            byte[] bytes = new byte[length];
            destination.getBytes(index, bytes);
            assertThat(bytes).isEqualTo(pattern(0, length));
            assertThat(destination.writerIndex()).isEqualTo(index + length);
            assertThat(destination.refCnt()).isEqualTo(1);
            assertThat(heap.position()).isEqualTo(length + 7);
            heap.position(7).get(bytes);
            assertThat(bytes).isEqualTo(pattern(4096, length));
            destination.release();
        }
    }

    @Test
    void aWriteCarriesItsBytesAndFlagsInEachPiece() {
        try (Rig rig = rig()) {
            // Given
            int length = 2 * MAXIMUM + 512;
            ByteBuf data = rig.payload(1024, length);

            // When
            NbdFuture<?> write = rig.commands.write(data, 1024, CommandFlag.FUA.bit());
            List<Request> pieces = rig.requests();

            // Then
            assertThat(pieces).hasSize(3).allMatch(piece -> piece.flags() == CommandFlag.FUA.bit());
            for (Request piece : pieces) {
                assertThat(piece.payload()).isEqualTo(pattern(piece.offset(), (int) piece.length()));
            }
            rig.answer(
                    Wire.simple(pieces.get(2).cookie(), 0),
                    Wire.simple(pieces.get(0).cookie(), 0));
            assertThat(write).isNotDone();
            rig.answer(Wire.simple(pieces.get(1).cookie(), 0));
            assertThat(write).isCompleted();
            assertThat(data.refCnt()).isZero();
        }
    }

    @Test
    void t110AWriteOfMoreThan32MibIsSplitWithoutSizeConstraints() {
        try (Rig rig = Rig.structured()) {
            // Given
            ByteBuf data = Unpooled.wrappedBuffer(new byte[(32 << 20) + 1]);

            // When
            NbdFuture<?> write = rig.commands.write(data, 0, 0);
            List<Request> pieces = rig.requests();

            // Then
            assertThat(pieces).extracting(Request::length).containsExactly(32L << 20, 1L);
            pieces.forEach(piece -> rig.answer(Wire.simple(piece.cookie(), 0)));
            assertThat(write).isCompleted();
            assertThat(data.refCnt()).isZero();
        }
    }

    @Test
    void t222WithoutAFixedLimitTheOwnOneHolds() {
        try (Rig rig = Rig.with().blocks(1, 4096, 0xffff_ffffL).open()) {
            // When
            rig.commands.effect(CommandType.TRIM, 4, 0, 0);
            rig.commands.cache((32L << 20) + 4096, 0);

            // Then
            assertThat(rig.requests()).extracting(Request::length).containsExactly(4L, 32L << 20, 4096L);
        }
    }

    @Test
    void t223AMaximumThatIsNoMultipleOfTheMinimumIsRoundedDown() {
        try (Rig rig = Rig.with().blocks(4096, 4096, 1_000_001).open()) {
            // When
            rig.commands.cache(1 << 20, 0);

            // Then
            assertThat(rig.requests()).extracting(Request::length).containsExactly(999_424L, 49_152L);
        }
    }

    @Test
    void trimAndZeroOfMoreThan4GibAreSplitOnABoundaryOfEveryBlock() {
        try (Rig rig = rig()) {
            // When
            NbdFuture<?> trim = rig.commands.effect(CommandType.TRIM, 6L << 30, 4096, 0);
            NbdFuture<?> zero = rig.commands.effect(CommandType.WRITE_ZEROES, 1L << 32, 0, CommandFlag.NO_HOLE.bit());
            List<Request> pieces = rig.requests();

            // Then
            assertThat(pieces).extracting(Request::type).containsExactly(4, 4, 6, 6);
            assertThat(pieces)
                    .extracting(Request::offset)
                    .containsExactly(4096L, 4096L + 0xffff_0000L, 0L, 0xffff_0000L);
            assertThat(pieces)
                    .extracting(Request::length)
                    .containsExactly(0xffff_0000L, (6L << 30) - 0xffff_0000L, 0xffff_0000L, 0x1_0000L);
            assertThat(pieces.get(3).flags()).isEqualTo(CommandFlag.NO_HOLE.bit());
            pieces.forEach(piece -> rig.answer(Wire.simple(piece.cookie(), 0)));
            assertThat(trim).isCompleted();
            assertThat(zero).isCompleted();
        }
    }

    @Test
    void aFailureNamesItsPieceSendsNoFurtherOneAndComesWhenAllHaveEnded() {
        try (Rig rig = Rig.with().inFlight(2).blocks(1, 512, MAXIMUM).open()) {
            // Given
            ByteBuf data = rig.payload(0, 5 * MAXIMUM);
            NbdFuture<?> write = rig.commands.write(data, 0, 0);
            List<Request> pieces = rig.requests();
            assertThat(pieces).hasSize(2);

            // When
            rig.answer(Wire.lastError(pieces.get(1).cookie(), 28, "full"));

            // Then
            assertThat(write).isNotDone();
            assertThat(rig.requests()).isEmpty();

            // When
            rig.answer(Wire.simple(pieces.get(0).cookie(), 0));

            // Then
            CommandRefusedException failure = failureOf(write, CommandRefusedException.class);
            assertThat(failure.range()).isEqualTo(NbdRange.of(MAXIMUM, MAXIMUM));
            assertThat(failure.serverMessage()).isEqualTo("full");
            assertThat(data.refCnt()).isZero();
            rig.assertWorks();
        }
    }

    @Test
    void aRefusalCountsThoughItHasTheOwnerEndWhatWaits() {
        for (boolean together : new boolean[] {true, false}) {
            try (Rig rig = Rig.with().inFlight(1).blocks(1, 512, MAXIMUM).open()) {
                // Given
                rig.onShutdown =
                        () -> rig.connection.abandonWaiting(new Loss(Loss.Kind.BROKEN, "the server shuts down", null));
                NbdFuture<ByteBuf> read = rig.commands.read(3 * MAXIMUM, 0);
                NbdFuture<?> behind = rig.commands.flush();
                long cookie = rig.request().cookie();

                // When
                if (together) {
                    rig.answer(Wire.lastError(cookie, ESHUTDOWN, "bye"));
                } else {
                    rig.answer(Wire.error(cookie, ESHUTDOWN, "bye"));
                    assertThat(read).isNotDone();
                    rig.answer(Wire.none(cookie));
                }

                // Then
                CommandRefusedException failure = failureOf(read, CommandRefusedException.class);
                assertThat(failure.errno()).isEqualTo(NbdError.ESHUTDOWN);
                assertThat(failure.range()).isEqualTo(NbdRange.of(0, MAXIMUM));
                assertThat(failureOf(behind, ConnectionLostException.class).fate())
                        .isEqualTo(RequestFate.NOT_SENT);
                assertThat(rig.requests()).isEmpty();
                assertThat(rig.connection.isIdle()).isTrue();
            }
        }
    }

    @Test
    void theFirstOfTwoFailuresCounts() {
        try (Rig rig = rig()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(2 * MAXIMUM, 0);
            List<Request> pieces = rig.requests();

            // When
            rig.answer(
                    Wire.simple(pieces.get(1).cookie(), 5),
                    Wire.simple(pieces.get(0).cookie(), 28));

            // Then
            CommandRefusedException failure = failureOf(read, CommandRefusedException.class);
            assertThat(failure.rawError()).isEqualTo(5);
            assertThat(failure.range()).isEqualTo(NbdRange.of(MAXIMUM, MAXIMUM));
            rig.assertWorks();
        }
    }

    @Test
    void anotherRequestFollowsASplitOneInItsTurn() {
        try (Rig rig = Rig.with().inFlight(1).blocks(1, 512, MAXIMUM).open()) {
            // Given
            NbdFuture<ByteBuf> split = rig.commands.read(2 * MAXIMUM, 0);
            NbdFuture<ByteBuf> behind = rig.commands.read(512, 0);

            // When
            List<Long> order = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                Request request = rig.request();
                order.add(request.length());
                rig.answerRead(request);
            }

            // Then
            assertThat(order).containsExactly((long) MAXIMUM, (long) MAXIMUM, 512L);
            assertThat(bytesOf(split)).isEqualTo(pattern(0, 2 * MAXIMUM));
            assertThat(bytesOf(behind)).isEqualTo(pattern(0, 512));
        }
    }

    @Test
    void aSplitWriteIsUnknownOnceAPieceWasSent() {
        try (Rig rig = Rig.with().inFlight(1).blocks(1, 512, MAXIMUM).open()) {
            // Given
            ByteBuf data = rig.payload(0, 3 * MAXIMUM);
            NbdFuture<?> write = rig.commands.write(data, 0, 0);
            Request first = rig.request();
            rig.answer(Wire.simple(first.cookie(), 0));
            assertThat(rig.requests()).hasSize(1);

            // When
            rig.hangUp();

            // Then
            assertThat(failureOf(write, ConnectionLostException.class).fate()).isEqualTo(RequestFate.UNKNOWN);
            assertThat(data.refCnt()).isZero();
        }
    }

    @Test
    void aSplitRequestThatWaitsForItsFirstPieceIsNotSentAndLeaksNothing() {
        try (Rig rig = Rig.with().inFlight(1).blocks(1, 512, MAXIMUM).open()) {
            // Given
            NbdFuture<?> inFlight = rig.commands.flush();
            ByteBuf data = rig.payload(0, 2 * MAXIMUM);
            ByteBuf destination = rig.dirty(2 * MAXIMUM);
            NbdFuture<?> write = rig.commands.write(data, 0, 0);
            NbdFuture<?> read = rig.commands.read(destination, 0);
            rig.turn();

            // When
            rig.hangUp();

            // Then
            assertThat(failureOf(inFlight, ConnectionLostException.class).fate())
                    .isEqualTo(RequestFate.UNKNOWN);
            assertThat(failureOf(write, ConnectionLostException.class).fate()).isEqualTo(RequestFate.NOT_SENT);
            assertThat(failureOf(read, ConnectionLostException.class).fate()).isEqualTo(RequestFate.NOT_SENT);
            assertThat(data.refCnt()).isZero();
            assertThat(destination.refCnt()).isEqualTo(1);
            destination.release();
        }
    }

    @Test
    void aSplitReadIntoANewBufferThatWaitsLeaksNothing() {
        try (Rig rig = Rig.with().inFlight(1).blocks(1, 512, MAXIMUM).open()) {
            // Given
            NbdFuture<?> inFlight = rig.commands.flush();
            NbdFuture<ByteBuf> read = rig.commands.read(2 * MAXIMUM, 0);
            rig.turn();

            // When
            rig.hangUp();

            // Then
            assertThat(inFlight).isCompletedExceptionally();
            assertThat(failureOf(read, ConnectionLostException.class).fate()).isEqualTo(RequestFate.NOT_SENT);
        }
    }
}
