package io.nbd4j.client.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.FastThreadLocal;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LoopBufferTest {
    private final LoopBuffer buffers = new LoopBuffer(512);

    @AfterEach
    void giveBackWhatTheThreadHolds() {
        FastThreadLocal.removeAll();
    }

    @Test
    void lendsTheSameBufferAgainAndEmpty() {
        // Given
        ByteBuf first = Objects.requireNonNull(buffers.lend());
        first.writeLong(1);
        first.release();

        // When
        ByteBuf second = Objects.requireNonNull(buffers.lend());

        // Then
        assertThat(second).isSameAs(first);
        assertThat(second.readableBytes()).isZero();
        assertThat(second.writableBytes()).isEqualTo(512);
        second.release();
    }

    @Test
    void lendsNothingWhileAPartIsStillInUse() {
        // Given
        ByteBuf first = Objects.requireNonNull(buffers.lend());
        ByteBuf part = first.writeLong(1).readRetainedSlice(4);
        first.release();

        // Then
        assertThat(buffers.lend()).isNull();

        // When
        part.release();

        // Then
        ByteBuf again = Objects.requireNonNull(buffers.lend());
        assertThat(again).isSameAs(first);
        again.release();
    }

    @Test
    void isFreedWithItsThread() {
        // Given
        ByteBuf buffer = Objects.requireNonNull(buffers.lend());
        buffer.release();

        // When
        FastThreadLocal.removeAll();

        // Then
        assertThat(buffer.refCnt()).isZero();
    }
}
