package io.nbd4j.client.internal.subprocess.stream;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.SubprocessTransport;
import io.nbd4j.client.internal.subprocess.Rung;
import io.nbd4j.client.internal.subprocess.RungContract;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.local.LocalIoHandler;
import io.netty.channel.nio.NioIoHandler;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class StreamRungIT extends RungContract {
    @Override
    protected Rung newRung() {
        return new StreamRung();
    }

    @Override
    protected EventLoopGroup newGroup() {
        return new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    }

    @Override
    protected SubprocessTransport transport() {
        return SubprocessTransport.STREAM;
    }

    @Test
    void isAvailableOnAnyLoop() throws Exception {
        // Given
        EventLoopGroup other = new MultiThreadIoEventLoopGroup(1, LocalIoHandler.newFactory());

        // When
        String reason = rung.unavailableBecause(other.next());

        // Then
        assertThat(reason).isNull();
        other.shutdownGracefully(0, 10, TimeUnit.SECONDS).sync();
    }
}
