package io.nbd4j.client.internal.connection;

import static io.nbd4j.client.internal.connection.Rig.bytesOf;
import static io.nbd4j.client.internal.connection.Rig.failureOf;
import static io.nbd4j.client.internal.connection.Wire.pattern;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.CommandRefusedException;
import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdProtocolException;
import io.nbd4j.client.NbdRange;
import io.nbd4j.client.RequestFate;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.golden.WireBytes;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The conformance cases of simple replies, by number. */
class SimpleReplyTest {
    @ParameterizedTest
    @EnumSource
    void t090ReadGetsItsData(Delivery delivery) {
        try (Rig rig = Rig.simple()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(4096, 8192);
            Request request = rig.request();

            // When
            rig.answer(delivery, Wire.simple(request.cookie(), pattern(8192, 4096)));

            // Then
            assertThat(request.type()).isEqualTo(Request.READ);
            assertThat(request.offset()).isEqualTo(8192);
            assertThat(request.length()).isEqualTo(4096);
            assertThat(bytesOf(read)).isEqualTo(pattern(8192, 4096));
            rig.assertWorks();
        }
    }

    @ParameterizedTest
    @EnumSource
    void t091ReadsAnsweredInReverseGetTheirOwnData(Delivery delivery) {
        try (Rig rig = Rig.simple()) {
            // Given
            NbdFuture<ByteBuf> first = rig.commands.read(512, 0);
            NbdFuture<ByteBuf> second = rig.commands.read(1024, 512);
            List<Request> requests = rig.requests();

            // When
            rig.answer(
                    delivery,
                    Wire.simple(requests.get(1).cookie(), pattern(512, 1024)),
                    Wire.simple(requests.get(0).cookie(), pattern(0, 512)));

            // Then
            assertThat(bytesOf(first)).isEqualTo(pattern(0, 512));
            assertThat(bytesOf(second)).isEqualTo(pattern(512, 1024));
        }
    }

    @ParameterizedTest
    @EnumSource
    void t092ManyReadsAnsweredInAnyOrderGetTheirOwnData(Delivery delivery) {
        try (Rig rig = Rig.simple()) {
            // Given
            List<NbdFuture<ByteBuf>> reads = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                reads.add(rig.commands.read(512 + i, i * 4096L));
            }
            List<Request> requests = new ArrayList<>(rig.requests());
            Collections.shuffle(requests, new Random(92));

            // When
            rig.answer(
                    delivery,
                    requests.stream()
                            .map(read -> Wire.simple(read.cookie(), pattern(read.offset(), (int) read.length())))
                            .toArray(byte[][]::new));

            // Then
            for (int i = 0; i < 64; i++) {
                assertThat(bytesOf(reads.get(i))).isEqualTo(pattern(i * 4096L, 512 + i));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void t094AnUnknownErrorIsEinvalAndTheConnectionIsKept(Delivery delivery) {
        try (Rig rig = Rig.simple()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(4096, 8192);

            // When
            rig.answer(delivery, Wire.simple(rig.request().cookie(), 12345));

            // Then
            CommandRefusedException failure = failureOf(read, CommandRefusedException.class);
            assertThat(failure.errno()).isEqualTo(NbdError.EINVAL);
            assertThat(failure.rawError()).isEqualTo(12345);
            assertThat(failure.fate()).isEqualTo(RequestFate.REFUSED);
            assertThat(failure.command()).isEqualTo(CommandType.READ);
            assertThat(failure.range()).isEqualTo(NbdRange.of(8192, 4096));
            rig.assertWorks();
        }
    }

    @ParameterizedTest
    @EnumSource
    void t095WriteTrimAndFlushAnsweredInAnyOrder(Delivery delivery) {
        try (Rig rig = Rig.simple()) {
            // Given
            NbdFuture<?> write = rig.commands.write(rig.payload(0, 512), 0, 0);
            NbdFuture<?> trim = rig.commands.effect(CommandType.TRIM, 4096, 512, 0);
            NbdFuture<?> flush = rig.commands.flush();
            List<Request> requests = rig.requests();
            assertThat(requests).extracting(Request::type).containsExactly(Request.WRITE, Request.TRIM, Request.FLUSH);
            assertThat(requests.get(0).payload()).isEqualTo(pattern(0, 512));
            assertThat(requests.get(2).offset()).isZero();
            assertThat(requests.get(2).length()).isZero();

            // When
            rig.answer(
                    delivery,
                    Wire.simple(requests.get(2).cookie(), 0),
                    Wire.simple(requests.get(0).cookie(), 0),
                    Wire.simple(requests.get(1).cookie(), 0));

            // Then
            assertThat(List.of(write, trim, flush)).allMatch(done -> done.isDone() && !done.isCompletedExceptionally());
            rig.assertWorks();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 0x1_0000_0001L, 0x2_0000_0000L, 0x1_0000_ffffL, -1, Long.MIN_VALUE, 0xffff_fff0L})
    void t096AnAnswerThatNobodyAskedForDropsTheConnection(long cookie) {
        try (Rig rig = Rig.simple()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(4096, 0);
            assertThat(rig.request().cookie()).isNotEqualTo(cookie);

            // When
            rig.answer(Wire.simple(cookie, 0));

            // Then
            NbdProtocolException failure = failureOf(read, NbdProtocolException.class);
            assertThat(failure).hasMessageContaining("never sent");
            assertThat(failure.fate()).isEqualTo(RequestFate.UNKNOWN);
            rig.assertDropped();
        }
    }

    @ParameterizedTest
    @EnumSource
    void t097ASecondAnswerDropsTheConnection(Delivery delivery) {
        try (Rig rig = Rig.simple()) {
            // Given
            NbdFuture<?> flush = rig.commands.flush();
            NbdFuture<ByteBuf> read = rig.commands.read(4096, 0);
            long cookie = rig.requests().get(0).cookie();

            // When
            rig.answer(delivery, Wire.simple(cookie, 0), Wire.simple(cookie, 0));

            // Then
            assertThat(flush).isCompleted();
            assertThat(failureOf(read, NbdProtocolException.class)).hasMessageContaining("second answer");
            rig.assertDropped();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 8, 15, 16, 17})
    void t099AHeaderSplitAnywhere(int split) {
        try (Rig rig = Rig.simple()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0);
            byte[] reply = Wire.simple(rig.request().cookie(), pattern(0, 512));

            // When
            rig.answer(Arrays.copyOfRange(reply, 0, split), Arrays.copyOfRange(reply, split, reply.length));

            // Then
            assertThat(bytesOf(read)).isEqualTo(pattern(0, 512));
        }
    }

    @ParameterizedTest
    @EnumSource
    void t100AnEndInTheMiddleOfDataFailsAll(Delivery delivery) {
        try (Rig rig = Rig.simple()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(4096, 0);
            NbdFuture<?> write = rig.commands.write(rig.payload(0, 512), 0, 0);
            List<Request> requests = rig.requests();
            rig.answer(delivery, WireBytes.concat(Wire.simple(requests.get(0).cookie(), 0), pattern(0, 2048)));

            // When
            rig.hangUp();

            // Then
            assertThat(failureOf(read, ConnectionLostException.class)).hasMessageContaining("middle of a reply");
            assertThat(failureOf(write, ConnectionLostException.class).fate()).isEqualTo(RequestFate.UNKNOWN);
            assertThat(rig.losses).extracting(Loss::kind).containsExactly(Loss.Kind.BROKEN);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {95, 75})
    void t116AndT117ARefusedZeroFailsAndTheConnectionIsKept(int error) {
        try (Rig rig = Rig.simple()) {
            // Given
            NbdFuture<?> zero = rig.commands.effect(CommandType.WRITE_ZEROES, 1 << 20, 0, 1 << 4);
            Request request = rig.request();
            assertThat(request.flags()).isEqualTo(1 << 4);

            // When
            rig.answer(Wire.simple(request.cookie(), error));

            // Then
            assertThat(failureOf(zero, CommandRefusedException.class).errno()).isEqualTo(NbdError.fromWire(error));
            rig.assertWorks();
        }
    }

    @ParameterizedTest
    @EnumSource
    void t233GarbageBehindAValidReplyDropsTheConnection(Delivery delivery) {
        try (Rig rig = Rig.simple()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0);
            NbdFuture<?> flush = rig.commands.flush();
            byte[] garbage = new byte[300];
            new Random(233).nextBytes(garbage);

            // When
            rig.answer(delivery, Wire.simple(rig.requests().get(0).cookie(), pattern(0, 512)), garbage);

            // Then
            assertThat(bytesOf(read)).isEqualTo(pattern(0, 512));
            assertThat(failureOf(flush, NbdProtocolException.class)).hasMessageContaining("no magic");
            rig.assertDropped();
        }
    }

    @Test
    void aChunkWithoutStructuredRepliesDropsTheConnection() {
        try (Rig rig = Rig.simple()) {
            // Given
            NbdFuture<?> flush = rig.commands.flush();

            // When
            rig.answer(Wire.none(rig.request().cookie()));

            // Then
            assertThat(failureOf(flush, NbdProtocolException.class)).hasMessageContaining("not agreed");
            rig.assertDropped();
        }
    }
}
