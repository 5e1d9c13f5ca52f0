package io.nbd4j.client.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PayloadCopyTest {
    private static final int CAPACITY = 700;
    private static final int COUNT = 600;

    static Stream<IntFunction<ByteBuf>> buffers() {
        return Stream.of(
                Unpooled::buffer,
                Unpooled::directBuffer,
                PooledByteBufAllocator.DEFAULT::heapBuffer,
                PooledByteBufAllocator.DEFAULT::directBuffer,
                capacity -> Unpooled.directBuffer(2 * capacity).slice(capacity, capacity),
                capacity -> PooledByteBufAllocator.DEFAULT
                        .directBuffer(capacity + 9)
                        .slice(9, capacity),
                capacity -> Unpooled.wrappedBuffer(ByteBuffer.allocateDirect(capacity)),
                capacity -> Unpooled.wrappedBuffer(
                        Unpooled.directBuffer(100).writeZero(100),
                        Unpooled.directBuffer(capacity - 100).writeZero(capacity - 100)));
    }

    static Stream<List<IntFunction<ByteBuf>>> pairs() {
        return buffers().flatMap(from -> buffers().map(to -> List.of(from, to)));
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void copiesBetweenAllKindsOfBuffersAndMovesNoIndex(List<IntFunction<ByteBuf>> pair) {
        // Given
        byte[] pattern = Wire.pattern(0, CAPACITY);
        ByteBuf in = pair.get(0).apply(CAPACITY).clear().writeBytes(pattern).readerIndex(50);
        ByteBuf destination = pair.get(1).apply(CAPACITY).setZero(0, CAPACITY).setIndex(3, 20);

        // When
        PayloadCopy.copyByViews(in, COUNT, destination, 40);

        // Then
        assertThat(ByteBufUtil.getBytes(destination, 40, COUNT)).isEqualTo(ByteBufUtil.getBytes(in, 50, COUNT));
        assertThat(ByteBufUtil.getBytes(destination, 0, 40)).containsOnly(0);
        assertThat(ByteBufUtil.getBytes(destination, 40 + COUNT, CAPACITY - 40 - COUNT))
                .containsOnly(0);
        assertThat(in.readerIndex()).isEqualTo(50);
        assertThat(in.writerIndex()).isEqualTo(CAPACITY);
        assertThat(destination.readerIndex()).isEqualTo(3);
        assertThat(destination.writerIndex()).isEqualTo(20);
        in.release();
        destination.release();
    }

    @Test
    void leavesTheViewAloneThatTheSlicesOfABufferShare() {
        // Given
        ByteBuf whole = Unpooled.directBuffer(8192);
        ByteBuf in = Unpooled.directBuffer(4096).writeBytes(Wire.pattern(0, 4096));
        ByteBuffer shared = whole.internalNioBuffer(5, 10);

        // When
        PayloadCopy.copyByViews(in, 4096, whole.slice(4096, 4096), 0);

        // Then
        assertThat(shared.position()).isEqualTo(5);
        assertThat(shared.limit()).isEqualTo(15);
        assertThat(ByteBufUtil.getBytes(whole, 4096, 4096)).isEqualTo(Wire.pattern(0, 4096));
        in.release();
        whole.release();
    }
}
