package io.nbd4j.client.internal.tls;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** On a transport that writes later, as those over streams do. Time stands still until it is told to pass. */
class LastWordsTest {
    private final LateChannel channel = new LateChannel();

    /** Writes when the test says so. */
    private static final class LateChannel extends EmbeddedChannel {
        boolean taking;
        int taken;

        void take() {
            taking = true;
            unsafe().flush();
        }

        @Override
        protected void doWrite(ChannelOutboundBuffer outbound) {
            while (taking && outbound.current() instanceof ByteBuf head) {
                taken += head.readableBytes();
                outbound.remove();
            }
        }
    }

    @BeforeEach
    void setUp() {
        channel.freezeTime();
        channel.pipeline().addLast(new LastWords());
    }

    @AfterEach
    void tearDown() {
        channel.finishAndReleaseAll();
    }

    @Test
    void closingWaitsForWhatWasSaidLast() {
        // Given
        channel.writeAndFlush(Unpooled.copyInt(1));
        channel.writeAndFlush(Unpooled.copyInt(2));

        // When
        ChannelFuture closed = channel.pipeline().close();
        channel.runPendingTasks();
        assertThat(closed.isDone()).isFalse();
        channel.take();
        channel.runPendingTasks();

        // Then
        assertThat(closed.isSuccess()).isTrue();
        assertThat(channel.taken).isEqualTo(2 * Integer.BYTES);
    }

    @Test
    void closingDoesNotWaitForAServerThatTakesNothing() {
        // Given
        channel.writeAndFlush(Unpooled.copyInt(1));
        ChannelFuture closed = channel.pipeline().close();

        // When
        channel.advanceTimeBy(1, TimeUnit.SECONDS);
        channel.runScheduledPendingTasks();

        // Then
        assertThat(closed.isSuccess()).isTrue();
        assertThat(channel.taken).isZero();
    }

    @Test
    void whereNothingIsUnderWayNothingIsWaitedFor() {
        assertThat(channel.pipeline().close().isSuccess()).isTrue();
    }
}
