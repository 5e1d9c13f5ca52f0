package io.nbd4j.client.internal.transport.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.nbd4j.client.internal.transport.ProcessAddress;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The JDK's own streams of a child that does nothing: closing must not wait for it, and its end must free all. */
@Timeout(60)
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "needs the sleep command")
final class StreamChannelIT {
    private EventLoopGroup group;
    private Process child;
    private StreamChannel channel;

    @BeforeEach
    void begin() throws Exception {
        group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        child = new ProcessBuilder("sleep", "600").start();
        channel = new StreamChannel(
                child.getInputStream(), child.getOutputStream(), new ProcessAddress("sleep", child.pid()));
        channel.pipeline().addLast(new ChannelInboundHandlerAdapter());
        group.register(channel).sync();
    }

    @AfterEach
    void end() throws Exception {
        child.destroyForcibly().waitFor();
        group.shutdownGracefully(0, 10, TimeUnit.SECONDS).sync();
    }

    private long threads() {
        String mine = "[" + child.pid() + "]";
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().endsWith(mine))
                .count();
    }

    private void kill() {
        // Not Process.destroyForcibly: it closes the streams, which is the channel's affair.
        child.toHandle().destroyForcibly();
    }

    @Test
    void closesAtOnceUnderABlockedReadWhoseThreadEndsWithTheChild() throws Exception {
        // Given
        await().until(() -> threads() == 1);

        // When
        channel.close().sync();
        Channel closed = channel;
        long threadsOfLivingChild = threads();
        kill();

        // Then
        assertThat(closed.isOpen()).isFalse();
        assertThat(threadsOfLivingChild).isPositive();
        await().atMost(Duration.ofSeconds(30)).until(() -> threads() == 0);
    }

    @Test
    void closesAtOnceUnderABlockedWriteWhoseThreadEndsWithTheChild() throws Exception {
        // Given
        ByteBuf much = channel.alloc().directBuffer(1 << 20).writeZero(1 << 20);
        ChannelFuture written = channel.writeAndFlush(much);
        await().until(() -> threads() == 2);

        // When
        channel.close().sync();
        kill();

        // Then
        assertThat(written.await().cause()).isInstanceOf(ClosedChannelException.class);
        assertThat(much.refCnt()).isZero();
        await().atMost(Duration.ofSeconds(30)).until(() -> threads() == 0);
    }

    @Test
    void closesByItselfWhenTheChildEnds() throws Exception {
        // When
        kill();

        // Then
        assertThat(channel.closeFuture().await(30, TimeUnit.SECONDS)).isTrue();
        await().atMost(Duration.ofSeconds(30)).until(() -> threads() == 0);
    }
}
