package io.nbd4j.client.internal.connection;

import static io.nbd4j.client.internal.connection.Rig.bytesOf;
import static io.nbd4j.client.internal.connection.Rig.failureOf;
import static io.nbd4j.client.internal.connection.Wire.pattern;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.CommandRefusedException;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.ReadChunk;
import io.nbd4j.codec.golden.WireBytes;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which memory the channel receives into. The test reads from the wire as a transport does. */
@SuppressWarnings("deprecation") // the type that a channel asks for is still this one in 4.2
class ReceiveBuffersTest {
    private static final int LARGE = 256 * 1024;
    private static final int SMALL_BUFFER = 16 * 1024;

    private final ReceiveBuffers buffers = new ReceiveBuffers();
    private final RecvByteBufAllocator.Handle handle = buffers.newHandle();

    @AfterEach
    void giveBackWhatTheThreadHolds() {
        FastThreadLocal.removeAll();
    }

    private Rig rig(boolean structured) {
        return Rig.with().structured(structured).receiveInto(buffers).open();
    }

    /** Receives bytes as a transport does, as many at a time as fit. Returns the size of the last buffer. */
    private int receive(Rig rig, byte[] bytes) {
        int capacity = 0;
        int at = 0;
        while (at < bytes.length) {
            ByteBuf buffer = handle.allocate(rig.memory);
            capacity = buffer.writableBytes();
            assertThat(capacity).as("an empty buffer reads as the end").isPositive();
            int length = Math.min(capacity, bytes.length - at);
            buffer.writeBytes(bytes, at, length);
            at += length;
            rig.receive(buffer);
        }
        return capacity;
    }

    @Test
    void aLargeChunkThatIsHandedOutGoesStraightIntoItsBuffer() {
        try (Rig rig = rig(true)) {
            // Given
            List<byte[]> chunks = new ArrayList<>();
            NbdFuture<?> read = rig.commands.readChunks(
                    LARGE + 512,
                    0,
                    chunk -> {
                        if (chunk instanceof ReadChunk.Data data) {
                            chunks.add(ByteBufUtil.getBytes(data.content()));
                        }
                    },
                    0);
            long cookie = rig.request().cookie();

            // When
            receive(rig, Wire.data(cookie, 512, pattern(512, LARGE)));
            receive(rig, Wire.lastData(cookie, 0, pattern(0, 512)));

            // Then
            assertThat(read).isCompleted();
            assertThat(chunks).containsExactly(pattern(512, LARGE), pattern(0, 512));
            assertThat(rig.connection.statistics().bytesReceivedDirect()).isGreaterThanOrEqualTo(LARGE - SMALL_BUFFER);
        }
    }

    @Test
    void theDataOfALargeReadGoesStraightIntoItsDestination() {
        try (Rig rig = rig(true)) {
            // Given
            ByteBuf destination = rig.dirty(LARGE);
            byte[] around = {destination.getByte(2)};
            int index = destination.writerIndex();
            NbdFuture<?> read = rig.commands.read(destination, 0);
            byte[] answer = Wire.lastData(rig.request().cookie(), 0, pattern(0, LARGE));

            // When
            receive(rig, answer);

            // Then
            assertThat(read).isCompleted();
            byte[] bytes = new byte[LARGE];
            destination.getBytes(index, bytes);
            assertThat(bytes).isEqualTo(pattern(0, LARGE));
            assertThat(destination.getByte(2)).isEqualTo(around[0]);
            assertThat(destination.refCnt()).isEqualTo(1);
            assertThat(rig.connection.statistics().bytesReceivedDirect()).isEqualTo(LARGE - (SMALL_BUFFER - 28));
            assertThat(rig.connection.statistics().bytesReceivedCopied()).isEqualTo(SMALL_BUFFER - 28);
            destination.release();
        }
    }

    @Test
    void theDataOfAReadThatHasFailedGoesNowhere() {
        try (Rig rig = rig(true)) {
            // Given
            ByteBuf destination = rig.dirty(LARGE);
            byte[] before = ByteBufUtil.getBytes(destination, 0, destination.capacity());
            NbdFuture<?> read = rig.commands.read(destination, 0);
            long cookie = rig.request().cookie();
            receive(rig, Wire.error(cookie, 5, "disk"));

            // When
            receive(rig, Wire.lastData(cookie, 0, pattern(0, LARGE)));

            // Then
            failureOf(read, CommandRefusedException.class);
            assertThat(ByteBufUtil.getBytes(destination, 0, destination.capacity()))
                    .isEqualTo(before);
            assertThat(destination.refCnt()).isEqualTo(1);
            destination.release();
            rig.assertWorks();
        }
    }

    @Test
    void severalRecordsOfTlsFitWhereNothingIsPlanned() {
        // When
        ByteBuf buffer = handle.allocate(UnpooledByteBufAllocator.DEFAULT);

        // Then
        assertThat(buffer.writableBytes()).isEqualTo(64 * 1024);
        buffer.release();
    }

    @Test
    void theWindowIsWhatIsLeftOfThePayload() {
        try (Rig rig = rig(false)) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(LARGE, 0);
            byte[] answer = Wire.simple(rig.request().cookie(), pattern(0, LARGE));
            receive(rig, Arrays.copyOf(answer, 16 + 1000));

            // When
            ByteBuf window = handle.allocate(rig.memory);
            int writable = window.writableBytes();
            window.release();

            // Then nothing is lost by a read that found nothing
            assertThat(writable).isEqualTo(LARGE - 1000);
            assertThat(window.maxCapacity()).isEqualTo(LARGE - 1000);
            receive(rig, Arrays.copyOfRange(answer, 16 + 1000, answer.length));
            assertThat(bytesOf(read)).isEqualTo(pattern(0, LARGE));
            assertThat(rig.connection.statistics().bytesReceivedDirect()).isEqualTo(LARGE - 1000);
        }
    }

    @Test
    void theEndOfALargePayloadComesWithWhatFollowsIt() {
        try (Rig rig = rig(true)) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(LARGE, 0);
            NbdFuture<?> flush = rig.commands.flush();
            List<Request> requests = rig.requests();
            byte[] answer = Wire.lastData(requests.get(0).cookie(), 0, pattern(0, LARGE));
            int split = answer.length - 100;

            // When
            receive(rig, Arrays.copyOf(answer, split));
            int capacity = receive(
                    rig,
                    WireBytes.concat(
                            Arrays.copyOfRange(answer, split, answer.length),
                            Wire.simple(requests.get(1).cookie(), 0)));

            // Then
            assertThat(capacity).isEqualTo(SMALL_BUFFER);
            assertThat(bytesOf(read)).isEqualTo(pattern(0, LARGE));
            assertThat(flush).isCompleted();
        }
    }

    @Test
    void aSmallReadIsCopiedFromALargeBuffer() {
        try (Rig rig = rig(true)) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(4096, 0);

            // When
            int capacity = receive(rig, Wire.lastData(rig.request().cookie(), 0, pattern(0, 4096)));

            // Then
            assertThat(capacity).isEqualTo(256 * 1024);
            assertThat(bytesOf(read)).isEqualTo(pattern(0, 4096));
            assertThat(rig.connection.statistics().bytesReceivedDirect()).isZero();
        }
    }

    @Test
    void aDestinationThatIsNotOneDirectRegionIsCopiedInto() {
        try (Rig rig = rig(true)) {
            // Given
            ByteBuf heap = Unpooled.buffer(LARGE, LARGE);
            CompositeByteBuf composite = Unpooled.compositeBuffer()
                    .addComponent(Unpooled.directBuffer(LARGE / 2).writeZero(LARGE / 2))
                    .addComponent(Unpooled.directBuffer(LARGE / 2).writeZero(LARGE / 2));

            for (ByteBuf destination : new ByteBuf[] {heap, composite}) {
                // When
                NbdFuture<?> read = rig.commands.read(destination, 0);
                receive(rig, Wire.lastData(rig.request().cookie(), 0, pattern(0, LARGE)));

                // Then
                assertThat(read).isCompleted();
                byte[] bytes = new byte[LARGE];
                destination.readBytes(bytes);
                assertThat(bytes).isEqualTo(pattern(0, LARGE));
                destination.release();
            }
            assertThat(rig.connection.statistics().bytesReceivedDirect()).isZero();
        }
    }

    @Test
    void aReadThatIsGivenUpHasNoWindowAnyMore() {
        try (Rig rig = rig(true)) {
            // Given
            ByteBuf destination = rig.memory.directBuffer(LARGE, LARGE).setZero(0, LARGE);
            NbdFuture<?> read = rig.commands.read(destination, 0);
            byte[] answer = Wire.lastData(rig.request().cookie(), 0, pattern(0, LARGE));
            receive(rig, Arrays.copyOf(answer, 28 + 10_000));

            // When
            read.cancel(false);
            rig.turn();
            assertThat(destination.refCnt()).isEqualTo(1);
            receive(rig, Arrays.copyOfRange(answer, 28 + 10_000, answer.length));

            // Then
            assertThat(read).isCancelled();
            assertThat(destination.getByte(9_999)).isEqualTo(pattern(9_999, 1)[0]);
            byte[] rest = new byte[LARGE - 10_000];
            destination.getBytes(10_000, rest);
            assertThat(rest).containsOnly(0);
            destination.release();
            NbdFuture<ByteBuf> next = rig.commands.read(512, 0);
            receive(rig, Wire.lastData(rig.request().cookie(), 0, pattern(0, 512)));
            assertThat(bytesOf(next)).isEqualTo(pattern(0, 512));
        }
    }

    @Test
    void anOrdinaryBufferIsSharedButNotWhileItIsHeld() {
        try (Rig rig = rig(true)) {
            // Given
            ByteBuf first = handle.allocate(rig.memory);
            first.release();

            // When
            ByteBuf second = handle.allocate(rig.memory);
            ByteBuf third = handle.allocate(rig.memory);

            // Then
            assertThat(second).isSameAs(first);
            assertThat(third).isNotSameAs(second);
            assertThat(third.writableBytes()).isEqualTo(handle.guess());
            second.release();
            third.release();
            assertThat(third.refCnt()).isZero();
        }
    }
}
