package io.nbd4j.client.internal.connection;

import static io.nbd4j.client.internal.connection.Rig.bytesOf;
import static io.nbd4j.client.internal.connection.Rig.failureOf;
import static io.nbd4j.client.internal.connection.Wire.pattern;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.CommandRefusedException;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdProtocolException;
import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.golden.WireBytes;
import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A connection with extended headers. */
class ExtendedHeadersTest {
    private static final long GIBI = 1 << 30;

    /** The first chunk of an answer. */
    private interface Chunk {
        byte[] of(Request request);
    }

    @ParameterizedTest
    @EnumSource
    void aReadIsAnsweredByChunks(Delivery delivery) {
        try (Rig rig = Rig.extended()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(4096, 8192);
            Request request = rig.request();

            // When
            rig.answer(
                    delivery,
                    WireExtended.data(request, 8192, pattern(8192, 1024)),
                    WireExtended.hole(request, 9216, 1024),
                    WireExtended.lastData(request, 10240, pattern(10240, 2048)));

            // Then
            byte[] expected = pattern(8192, 4096);
            Arrays.fill(expected, 1024, 2048, (byte) 0);
            assertThat(bytesOf(read)).isEqualTo(expected);
            assertThat(request.flags()).isZero();
            rig.assertWorks();
        }
    }

    /** One whose payload is copied behind its header, and one whose payload travels by itself. */
    @ParameterizedTest
    @ValueSource(ints = {512, 100_000})
    void aWriteSaysHowLongItsPayloadIs(int length) {
        try (Rig rig = Rig.extended()) {
            // Given
            NbdFuture<?> write = rig.commands.write(rig.payload(0, length), 512, CommandFlag.FUA.bit());

            // When
            Request request = rig.request();
            rig.answer(WireExtended.none(request));

            // Then
            assertThat(request.flags()).isEqualTo(Request.PAYLOAD_LEN | CommandFlag.FUA.bit());
            assertThat(request.payload()).isEqualTo(pattern(0, length));
            assertThat(write).isCompleted();
            rig.assertWorks();
        }
    }

    /** Whether the flag belongs to a write is decided by the headers in force, whatever the caller says. */
    @Test
    void theFlagForPayloadIsNotTheCallersToSet() {
        try (Rig compact = Rig.structured();
                Rig extended = Rig.extended()) {
            for (Rig rig : List.of(compact, extended)) {
                // When
                NbdFuture<?> write = rig.commands.write(rig.payload(0, 512), 0, CommandFlag.PAYLOAD_LEN.bit());
                Request request = rig.request();

                // Then
                assertThat(request.flags()).isEqualTo(rig == extended ? Request.PAYLOAD_LEN : 0);
                rig.answer(rig == extended ? WireExtended.none(request) : Wire.none(request.cookie()));
                assertThat(write).isCompleted();
            }
        }
    }

    @Test
    void whatHasNoPayloadIsNotSplit() {
        try (Rig rig = Rig.extended()) {
            // Given
            NbdFuture<?> zero = rig.commands.effect(CommandType.WRITE_ZEROES, 6 * GIBI, GIBI, 0);
            NbdFuture<?> trim = rig.commands.effect(CommandType.TRIM, 1L << 40, 0, 0);

            // When
            List<Request> requests = rig.requests();

            // Then
            assertThat(requests).extracting(Request::type).containsExactly(Request.WRITE_ZEROES, Request.TRIM);
            assertThat(requests).extracting(Request::length).containsExactly(6 * GIBI, 1L << 40);
            assertThat(requests).extracting(Request::offset).containsExactly(GIBI, 0L);
            requests.forEach(request -> rig.answer(WireExtended.none(request)));
            assertThat(zero).isCompleted();
            assertThat(trim).isCompleted();
        }
    }

    /** It is a hint, and QEMU holds it to 32 MiB with extended headers, too. */
    @Test
    void aCacheIsSplitAsBefore() {
        try (Rig rig = Rig.extended()) {
            // Given
            NbdFuture<?> cache = rig.commands.cache(65 << 20, 0);

            // When
            List<Request> requests = rig.requests();

            // Then
            assertThat(requests).extracting(Request::length).containsExactly(32L << 20, 32L << 20, 1L << 20);
            requests.forEach(request -> rig.answer(WireExtended.none(request)));
            assertThat(cache).isCompleted();
        }
    }

    @Test
    void aReadIsSplitAsBefore() {
        try (Rig rig = Rig.with().extended().blocks(1, 512, 65536).open()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(100_000, 700);

            // When
            List<Request> requests = rig.requests();
            requests.forEach(rig::answerRead);

            // Then
            assertThat(requests).hasSize(2);
            assertThat(bytesOf(read)).isEqualTo(pattern(700, 100_000));
        }
    }

    @Test
    void aFlushHasNoRange() {
        try (Rig rig = Rig.extended()) {
            // Given
            NbdFuture<?> flush = rig.commands.flush();

            // When
            Request request = rig.request();
            rig.answer(WireExtended.none(request));

            // Then
            assertThat(request.type()).isEqualTo(Request.FLUSH);
            assertThat(request.offset()).isZero();
            assertThat(request.length()).isZero();
            assertThat(flush).isCompleted();
        }
    }

    @Test
    void anErrorFailsItsRequest() {
        try (Rig rig = Rig.extended()) {
            // Given
            NbdFuture<?> write = rig.commands.write(rig.payload(0, 512), 512, 0);

            // When
            rig.answer(WireExtended.lastError(rig.request(), 28));

            // Then
            assertThat(failureOf(write, CommandRefusedException.class).errno()).isEqualTo(NbdError.ENOSPC);
            rig.assertWorks();
        }
    }

    @Test
    void theGoodbyeIsExtended() {
        try (Rig rig = Rig.extended()) {
            // When
            rig.connection.disconnect();

            // Then
            assertThat(rig.request().type()).isEqualTo(Request.DISC);
            assertThat(rig.bytesOfAnUnfinishedRequest()).isZero();
        }
    }

    static Stream<Named<Chunk>> violations() {
        return Stream.of(
                violation("T203: a simple reply", request -> Wire.simple(request.cookie(), 5)),
                violation("T203: a structured chunk", request -> Wire.none(request.cookie())),
                violation(
                        "T204: the offset of another request",
                        request -> WireExtended.chunk(1, 0, request.cookie(), request.offset() + 1, new byte[0])),
                violation(
                        "T208: a chunk of 2^40 bytes",
                        request -> WireBytes.concat(
                                Arrays.copyOf(WireExtended.none(request), 6),
                                WireBytes.parse("0001"),
                                Arrays.copyOfRange(WireExtended.none(request), 8, 24),
                                WireBytes.parse("0000010000000000 0000000000002000"))),
                violation(
                        "a compact block status",
                        request -> WireExtended.chunk(1, 5, request, WireBytes.parse("00000001 00001000 00000000"))),
                violation(
                        "data beyond the range",
                        request -> WireExtended.data(request, request.offset(), new byte[4097])),
                violation(
                        "an answer that nobody waits for",
                        request -> WireExtended.chunk(1, 0, request.cookie() + 5, request.offset(), new byte[0])));
    }

    private static Named<Chunk> violation(String name, Chunk bytes) {
        return Named.of(name, bytes);
    }

    @ParameterizedTest
    @MethodSource("violations")
    void aViolationDropsTheConnection(Chunk bytes) {
        for (Delivery delivery : Delivery.values()) {
            try (Rig rig = Rig.extended()) {
                // Given
                NbdFuture<ByteBuf> read = rig.commands.read(4096, 8192);

                // When
                rig.answer(delivery, bytes.of(rig.request()));

                // Then
                rig.assertDropped();
                failureOf(read, NbdProtocolException.class);
            }
        }
    }

    @Test
    void anExtendedChunkWithoutExtendedHeadersDropsTheConnection() {
        try (Rig rig = Rig.structured()) {
            // Given
            NbdFuture<?> flush = rig.commands.flush();

            // When
            rig.answer(WireExtended.none(rig.request()));

            // Then
            rig.assertDropped();
            failureOf(flush, NbdProtocolException.class);
        }
    }
}
