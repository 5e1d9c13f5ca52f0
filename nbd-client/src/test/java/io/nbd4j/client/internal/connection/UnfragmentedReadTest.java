package io.nbd4j.client.internal.connection;

import static io.nbd4j.client.internal.connection.Rig.bytesOf;
import static io.nbd4j.client.internal.connection.Rig.failureOf;
import static io.nbd4j.client.internal.connection.Wire.pattern;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.CommandRefusedException;
import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdProtocolException;
import io.nbd4j.client.NbdRange;
import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.TransmissionFlags;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads with DF, which ask for an answer in one part; the conformance cases by number. */
class UnfragmentedReadTest {
    private static final int DF = CommandFlag.DF.bit();
    private static final int EINVAL = 22;
    private static final int EOVERFLOW = 75;
    private static final int ESHUTDOWN = 108;
    private static final int LENGTH = 128 * 1024;
    private static final byte[] DATA = pattern(0, LENGTH);

    @ParameterizedTest
    @EnumSource
    void t156OnePartIsTheAnswer(Delivery delivery) {
        try (Rig rig = Rig.structured()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(4096, 512, DF);
            Request request = rig.request();
            assertThat(request.flags()).isEqualTo(DF);

            // When
            rig.answer(delivery, Wire.data(request.cookie(), 512, pattern(512, 4096)), Wire.none(request.cookie()));

            // Then
            assertThat(bytesOf(read)).isEqualTo(pattern(512, 4096));
            rig.assertWorks();
        }
    }

    @Test
    void t156SeveralPartsFailTheReadAlone() {
        try (Rig rig = Rig.structured()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(1024, 0, DF);
            NbdFuture<ByteBuf> withAHole = rig.commands.read(1024, 1024, DF);
            List<Request> requests = rig.requests();

            // When
            rig.answer(
                    Wire.data(requests.get(0).cookie(), 0, pattern(0, 512)),
                    Wire.lastData(requests.get(0).cookie(), 512, pattern(512, 512)),
                    Wire.data(requests.get(1).cookie(), 1536, pattern(1536, 512)),
                    Wire.lastHole(requests.get(1).cookie(), 1024, 512));

            // Then
            assertThat(failureOf(read, NbdProtocolException.class)).hasMessageContaining("DF");
            assertThat(failureOf(withAHole, NbdProtocolException.class).range()).isEqualTo(NbdRange.of(1024, 1024));
            rig.assertWorks();
        }
    }

    @Test
    void t157WhatIsTooLongForOnePartIsReadInSeveral() {
        try (Rig rig = Rig.structured()) {
            // Given a server that finds out late
            NbdFuture<ByteBuf> read = rig.commands.read(LENGTH, 0, DF);
            Request first = rig.request();
            rig.answer(
                    Wire.data(first.cookie(), 0, new byte[LENGTH / 2]),
                    Wire.lastError(first.cookie(), EOVERFLOW, "long"));

            // When
            Request second = rig.request();
            rig.answer(
                    Wire.data(second.cookie(), 0, pattern(0, LENGTH / 2)),
                    Wire.lastData(second.cookie(), LENGTH / 2, pattern(LENGTH / 2, LENGTH / 2)));

            // Then
            assertThat(second.flags()).isZero();
            assertThat(second.length()).isEqualTo(LENGTH);
            assertThat(second.cookie()).isNotEqualTo(first.cookie());
            assertThat(bytesOf(read)).isEqualTo(DATA);
            rig.assertWorks();
        }
    }

    @Test
    void t158ASimpleEinvalIsFollowedByAPlainRead() {
        try (Rig rig = Rig.structured()) {
            // Given
            ByteBuffer destination = ByteBuffer.allocateDirect(LENGTH);
            NbdFuture<?> read = rig.commands.read(destination, 0, DF);
            rig.answer(Wire.simple(rig.request().cookie(), EINVAL));

            // When
            Request second = rig.request();
            rig.answerRead(second);

            // Then
            assertThat(second.flags()).isZero();
            assertThat(read).isCompleted();
            byte[] bytes = new byte[LENGTH];
            destination.flip().get(bytes);
            assertThat(bytes).isEqualTo(DATA);
            rig.assertWorks();
        }
    }

    @Test
    void aPlainReadThatIsRefusedTooFails() {
        try (Rig rig = Rig.structured()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0, DF);
            rig.answer(Wire.simple(rig.request().cookie(), EINVAL));

            // When
            rig.answer(Wire.simple(rig.request().cookie(), EINVAL));

            // Then
            assertThat(failureOf(read, CommandRefusedException.class).errno()).isEqualTo(NbdError.EINVAL);
            assertThat(rig.requests()).isEmpty();
            rig.assertWorks();
        }
    }

    @Test
    void anotherErrorStands() {
        try (Rig rig = Rig.structured()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0, DF);

            // When
            rig.answer(Wire.lastError(rig.request().cookie(), 5, "disk"));

            // Then
            assertThat(failureOf(read, CommandRefusedException.class).serverMessage())
                    .isEqualTo("disk");
            assertThat(rig.requests()).isEmpty();
        }
    }

    @Test
    void onlyThePieceThatIsRefusedIsReadAgain() {
        try (Rig rig = Rig.with().blocks(1, 512, 4096).open()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(2 * 4096, 0, DF);
            List<Request> pieces = rig.requests();
            assertThat(pieces).extracting(Request::flags).containsExactly(DF, DF);

            // When
            rig.answerRead(pieces.get(0));
            rig.answer(Wire.simple(pieces.get(1).cookie(), EOVERFLOW));
            Request again = rig.request();
            rig.answerRead(again);

            // Then
            assertThat(again.offset()).isEqualTo(4096);
            assertThat(again.flags()).isZero();
            assertThat(bytesOf(read)).isEqualTo(pattern(0, 2 * 4096));
        }
    }

    @Test
    void theSecondReadTakesTheRoomInFlightOfTheFirst() {
        try (Rig rig = Rig.with().inFlight(1).open()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0, DF);
            NbdFuture<ByteBuf> behind = rig.commands.read(512, 512);
            rig.answer(Wire.simple(rig.request().cookie(), EINVAL));

            // When
            Request again = rig.request();
            assertThat(again.offset()).isZero();
            assertThat(rig.connection.statistics().bytesInFlight()).isEqualTo(512);
            rig.answerRead(again);

            // Then
            assertThat(bytesOf(read)).isEqualTo(pattern(0, 512));
            rig.answerRead(rig.request());
            assertThat(bytesOf(behind)).isEqualTo(pattern(512, 512));
            assertThat(rig.connection.statistics().bytesInFlight()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {EINVAL, EOVERFLOW})
    void whatItsCallerGaveUpIsNotReadAgain(int error) {
        try (Rig rig = Rig.structured()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0, DF);
            Request request = rig.request();
            read.cancel(false);
            rig.turn();

            // When
            rig.answer(Wire.simple(request.cookie(), error));

            // Then
            assertThat(read).isCancelled();
            assertThat(rig.requests()).isEmpty();
            rig.assertWorks();
        }
    }

    @Test
    void aServerThatShutsDownIsAskedNothingMore() {
        try (Rig rig = Rig.structured()) {
            // Given
            NbdFuture<?> flush = rig.commands.flush();
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0, DF);
            List<Request> requests = rig.requests();

            // When
            rig.answer(
                    Wire.simple(requests.get(0).cookie(), ESHUTDOWN),
                    Wire.simple(requests.get(1).cookie(), EINVAL));

            // Then
            failureOf(flush, CommandRefusedException.class);
            failureOf(read, CommandRefusedException.class);
            assertThat(rig.requests()).isEmpty();
        }
    }

    @Test
    void theEndOfTheConnectionEndsTheSecondRead() {
        try (Rig rig = Rig.structured()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(LENGTH, 0, DF);
            rig.answer(Wire.simple(rig.request().cookie(), EINVAL));

            // When
            rig.hangUp();

            // Then
            failureOf(read, ConnectionLostException.class);
        }
    }

    @Test
    void dfThatIsNotAdvertisedIsNotSent() {
        try (Rig rig =
                Rig.with().flags(Rig.ALL_FLAGS & ~TransmissionFlags.SEND_DF).open()) {
            // When
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0, DF);

            // Then
            InvalidRequestException failure = failureOf(read, InvalidRequestException.class);
            assertThat(failure.errno()).isEqualTo(NbdError.EINVAL);
            assertThat(failure).hasMessageContaining("DF");
            assertThat(rig.requests()).isEmpty();
            rig.assertWorks();
        }
    }

    @Test
    void aReadHasNoOtherFlag() {
        try (Rig rig = Rig.structured()) {
            // When
            NbdFuture<?> read = rig.commands.read(ByteBuffer.allocate(512), 0, CommandFlag.FUA.bit());

            // Then
            assertThat(failureOf(read, InvalidRequestException.class)).hasMessageContaining("0x1");
            assertThat(rig.requests()).isEmpty();
        }
    }
}
