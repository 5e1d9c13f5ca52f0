package io.nbd4j.client.internal.connection;

import static io.nbd4j.client.internal.connection.Rig.failureOf;
import static io.nbd4j.client.internal.connection.Wire.pattern;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdRange;
import io.nbd4j.client.RequestFate;
import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.TransmissionFlags;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is refused before anything is sent, and what becomes of its buffers; the conformance cases by number. */
class RequestCheckTest {
    @Test
    void t105NothingThatWritesIsSentToAReadOnlyExport() {
        try (Rig rig =
                Rig.with().flags(Rig.ALL_FLAGS | TransmissionFlags.READ_ONLY).open()) {
            // Given
            ByteBuf data = rig.payload(0, 512);

            // When
            List<NbdFuture<?>> refused = List.of(
                    rig.commands.write(data, 0, 0),
                    rig.commands.write(ByteBuffer.allocate(512), 0, 0),
                    rig.commands.effect(CommandType.TRIM, 512, 0, 0),
                    rig.commands.effect(CommandType.WRITE_ZEROES, 512, 0, 0));

            // Then
            for (NbdFuture<?> future : refused) {
                InvalidRequestException failure = failureOf(future, InvalidRequestException.class);
                assertThat(failure.errno()).isEqualTo(NbdError.EPERM);
                assertThat(failure.fate()).isEqualTo(RequestFate.NOT_SENT);
                assertThat(failure.range()).isEqualTo(NbdRange.of(0, 512));
            }
            assertThat(data.refCnt()).isZero();
            assertThat(rig.requests()).isEmpty();
            rig.assertWorks();
        }
    }

    @Test
    void t106AndT107WhatIsNotAdvertisedIsNotSent() {
        try (Rig rig = Rig.with().flags(TransmissionFlags.HAS_FLAGS).open()) {
            // When
            List<NbdFuture<?>> refused = List.of(
                    rig.commands.flush(),
                    rig.commands.effect(CommandType.TRIM, 512, 0, 0),
                    rig.commands.effect(CommandType.WRITE_ZEROES, 512, 0, 0),
                    rig.commands.cache(512, 0),
                    rig.commands.write(rig.payload(0, 512), 0, CommandFlag.FUA.bit()));

            // Then
            for (NbdFuture<?> future : refused) {
                assertThat(failureOf(future, InvalidRequestException.class).errno())
                        .isEqualTo(NbdError.EINVAL);
            }
            assertThat(rig.requests()).isEmpty();
            rig.assertWorks();
        }
    }

    @Test
    void t109ALengthOfZeroIsRefused() {
        try (Rig rig = Rig.structured()) {
            // Given
            ByteBuf full = rig.memory.directBuffer(8, 8).writeLong(1);
            ByteBuf empty = rig.memory.directBuffer(8);

            // When
            List<NbdFuture<?>> refused = List.of(
                    rig.commands.read(0, 0),
                    rig.commands.read(full, 0),
                    rig.commands.read(ByteBuffer.allocate(0), 0),
                    rig.commands.write(empty, 0, 0),
                    rig.commands.write(ByteBuffer.allocate(0), 0, 0),
                    rig.commands.effect(CommandType.TRIM, 0, 0, 0),
                    rig.commands.effect(CommandType.WRITE_ZEROES, 0, 0, 0),
                    rig.commands.cache(0, 0));

            // Then
            for (NbdFuture<?> future : refused) {
                assertThat(failureOf(future, InvalidRequestException.class)).hasMessageContaining("length of zero");
            }
            assertThat(rig.requests()).isEmpty();
            assertThat(full.refCnt()).isEqualTo(1);
            assertThat(empty.refCnt()).isZero();
            full.release();
        }
    }

    @Test
    void t220AndT224WhatIsNotAMultipleOfTheMinimumBlockIsRefused() {
        try (Rig rig = Rig.with().size(65537).blocks(4096, 4096, 1 << 20).open()) {
            // When
            NbdFuture<ByteBuf> unaligned = rig.commands.read(512, 512);
            NbdFuture<ByteBuf> tail = rig.commands.read(1, 65536);

            // Then
            assertThat(failureOf(unaligned, InvalidRequestException.class))
                    .hasMessageContaining("minimum block of 4096")
                    .hasMessageNotContaining("out of reach");
            assertThat(failureOf(tail, InvalidRequestException.class))
                    .hasMessageContaining("the last 1 bytes of the export are out of reach");
            assertThat(rig.requests()).isEmpty();
        }
    }

    @Test
    void aBufferThatCantBeWrittenToIsRefused() {
        try (Rig rig = Rig.structured()) {
            // Given
            ByteBuf released = rig.memory.directBuffer(512, 512);
            released.release();
            ByteBuf readOnly = Unpooled.wrappedBuffer(new byte[512]).clear().asReadOnly();

            // When
            List<NbdFuture<?>> refused = List.of(
                    rig.commands.read(released, 0),
                    rig.commands.read(readOnly, 0),
                    rig.commands.read(ByteBuffer.allocate(512).asReadOnlyBuffer(), 0),
                    rig.commands.read(ByteBuffer.allocateDirect(512).asReadOnlyBuffer(), 0));

            // Then
            for (NbdFuture<?> future : refused) {
                assertThat(failureOf(future, InvalidRequestException.class).errno())
                        .isEqualTo(NbdError.EINVAL);
            }
            assertThat(readOnly.refCnt()).isEqualTo(1);
            assertThat(rig.requests()).isEmpty();
        }
    }

    @Test
    void aWriteOfAReleasedBufferIsRefused() {
        try (Rig rig = Rig.structured()) {
            // Given
            ByteBuf released = rig.payload(0, 512);
            released.release();

            // When
            NbdFuture<?> write = rig.commands.write(released, 0, 0);

            // Then
            assertThat(failureOf(write, InvalidRequestException.class).errno()).isEqualTo(NbdError.EINVAL);
            assertThat(rig.requests()).isEmpty();
        }
    }

    @Test
    void legalFlagsAreOnTheWire() {
        try (Rig rig = Rig.structured()) {
            // Given
            int all = CommandFlag.bits(CommandFlag.FUA, CommandFlag.NO_HOLE, CommandFlag.FAST_ZERO);

            // When
            rig.commands.write(rig.payload(0, 512), 0, CommandFlag.FUA.bit());
            rig.commands.effect(CommandType.TRIM, 1024, 512, CommandFlag.FUA.bit());
            rig.commands.effect(CommandType.WRITE_ZEROES, 2048, 1024, all);
            rig.commands.cache(4096, 2048);

            // Then
            List<Request> requests = rig.requests();
            assertThat(requests).extracting(Request::type).containsExactly(1, 4, 6, 5);
            assertThat(requests).extracting(Request::flags).containsExactly(1, 1, 0x13, 0);
            assertThat(requests).extracting(Request::offset).containsExactly(0L, 512L, 1024L, 2048L);
            assertThat(requests).extracting(Request::length).containsExactly(512L, 1024L, 2048L, 4096L);
            assertThat(requests.get(0).payload()).isEqualTo(pattern(0, 512));
        }
    }
}
