package io.nbd4j.client.internal.subprocess.pipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nbd4j.client.ExitStatus;
import io.nbd4j.client.SubprocessTransport;
import io.nbd4j.client.internal.subprocess.CommandLookup;
import io.nbd4j.client.internal.subprocess.Executable;
import io.nbd4j.client.internal.subprocess.Rung;
import io.nbd4j.client.internal.subprocess.RungContract;
import io.nbd4j.client.internal.subprocess.socketpair.Conversation;
import io.nbd4j.client.internal.subprocess.socketpair.PipeCapacity;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class PipeRungIT extends RungContract {
    @Override
    protected Rung newRung() {
        return new PipeRung();
    }

    @Override
    protected EventLoopGroup newGroup() {
        return new MultiThreadIoEventLoopGroup(
                1, Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
    }

    @Override
    protected SubprocessTransport transport() {
        return SubprocessTransport.PIPE;
    }

    @Test
    void givesTheChildTwoPipes() throws Exception {
        // Given
        try (Conversation child = start(script("readlink /proc/$$/fd/0; readlink /proc/$$/fd/1"))) {
            // When
            String[] lines = child.receiveAll().split("\n");

            // Then
            assertThat(lines).hasSize(2).allMatch(line -> line.startsWith("pipe:["));
            assertThat(lines[0]).isNotEqualTo(lines[1]);
        }
    }

    @Test
    void staysOpenWhileAGrandchildHoldsTheOutput() throws Exception {
        // Given
        try (Conversation child = start(script("sleep 1000 & echo $!"))) {
            long grandchild =
                    Long.parseLong(child.receive(text -> text.endsWith("\n")).trim());

            // When
            ExitStatus status = child.exit();
            boolean openAfterExit = child.channel().isOpen();
            ProcessHandle.of(grandchild).orElseThrow().destroyForcibly();

            // Then
            assertThat(status).isEqualTo(ExitStatus.exited(0));
            assertThat(openAfterExit).isTrue();
            child.channel().closeFuture().sync();
        }
    }

    @Test
    void givesTheChildPipesThatHoldAMebibyteWhereLibcCanBeCalled() throws Exception {
        // Given
        String reason = PipeCapacity.unavailableBecause();
        assumeTrue(reason == null, () -> "a pipe keeps its 64 KiB: " + reason);
        try (Conversation child = start(spec("sleep", "1000"))) {
            // When
            ChannelFuture written = child.channel()
                    .writeAndFlush(Unpooled.directBuffer(PipeRung.CAPACITY).writeZero(PipeRung.CAPACITY));

            // Then
            written.sync();
            assertThat(written.isSuccess()).isTrue();
        }
    }

    @Test
    void isNotAvailableOnAnotherKindOfLoop() throws Exception {
        // Given
        EventLoopGroup nio = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        Executable cat = CommandLookup.ofThisProcess().find(spec("cat"));

        // When
        String reason = rung.unavailableBecause(nio.next());

        // Then
        assertThat(reason).isEqualTo("the event loop does not use epoll");
        assertThatThrownBy(() -> rung.launch(cat, nio.next()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("the event loop does not use epoll");
        nio.shutdownGracefully(0, 10, TimeUnit.SECONDS).sync();
    }
}
