package io.nbd4j.client.contract;

import static io.nbd4j.client.contract.Outcomes.await;
import static io.nbd4j.client.contract.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.nbd4j.client.ConnectionState;
import io.nbd4j.client.ExitStatus;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdTimeoutException;
import io.nbd4j.client.RequestFate;
import io.nbd4j.client.StderrPolicy;
import io.nbd4j.client.Subprocess;
import io.nbd4j.client.SubprocessTransport;
import io.nbd4j.client.internal.subprocess.LaunchSpec;
import io.nbd4j.client.internal.subprocess.Launched;
import io.nbd4j.client.internal.subprocess.ladder.Launcher;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelPromise;
import io.netty.channel.IoEventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Children that don't read, and those whose bytes nobody reads: the event loop must not spin meanwhile. */
abstract class SubprocessSpinContract extends SubprocessFixture {
    SubprocessSpinContract(SubprocessTransport rung) {
        super(rung);
    }

    @Test
    void writesToAChildThatNeverReadsWaitAndFailAtTheStallLimitWithoutSpinning() throws Exception {
        // Given
        requireEpoll();
        Duration stall = Duration.ofSeconds(1);
        NbdClient nbd = client(
                Loops.EPOLL.builder().stallTimeout(stall).graceTimeout(SHORT).killTimeout(SHORT));
        await(nbd.connect(nbdkit("memory", "64M")));
        Subprocess child = nbd.subprocess().orElseThrow();
        Processes.stop(child.pid());
        long usedBefore = cpuTimeOfTheLoop();

        // When
        List<NbdFuture<Void>> writes = IntStream.range(0, 16)
                .mapToObj(i -> nbd.pwrite(Unpooled.directBuffer().writeZero(1024 * 1024), 0))
                .toList();

        // Then
        for (NbdFuture<Void> write : writes) {
            NbdTimeoutException failure = failureOf(write, NbdTimeoutException.class);
            assertThat(failure.fate()).isNotEqualTo(RequestFate.REFUSED);
        }
        assertThat(cpuTimeOfTheLoop() - usedBefore).isLessThan(50);
        assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
        await(nbd.closeAsync());
        assertThat(child.exitStatus()).contains(ExitStatus.signalled(9));
    }

    @Test
    void aDeadChildWithAutoReadOffDoesNotSpinTheLoopAndItsLastBytesAreRead() {
        // Given
        requireEpoll();
        IoEventLoop loop = Loops.EPOLL.group().next();
        LaunchSpec spec = new LaunchSpec(List.of("sh", "-c", "echo last words"), Map.of(), null, StderrPolicy.CAPTURE);
        Launched launched = await(Launcher.create().launch(spec, rung, loop)).launched();
        Channel channel = launched.channel();
        CompletableFuture<String> lastWords = new CompletableFuture<>();
        channel.pipeline().addLast(new SimpleChannelInboundHandler<ByteBuf>() {
            private final StringBuilder words = new StringBuilder();

            @Override
            protected void channelRead0(ChannelHandlerContext ctx, ByteBuf bytes) {
                words.append(bytes.toString(StandardCharsets.US_ASCII));
            }

            @Override
            public void channelInactive(ChannelHandlerContext ctx) {
                lastWords.complete(words.toString());
            }
        });
        channel.config().setAutoRead(false);
        ChannelPromise registration = new DefaultChannelPromise(channel, loop);
        channel.unsafe().register(loop, registration);
        registration.syncUninterruptibly();
        await(launched.child().onExit());
        long usedBefore = cpuTimeOfTheLoop();

        // When
        loop.schedule(() -> {}, 1, TimeUnit.SECONDS).syncUninterruptibly();

        // Then
        assertThat(cpuTimeOfTheLoop() - usedBefore).isLessThan(50);
        channel.config().setAutoRead(true);
        assertThat(await(lastWords)).isEqualTo("last words\n");
    }

    /** In ticks of the kernel, a hundred a second. */
    private static long cpuTimeOfTheLoop() {
        return await(CompletableFuture.supplyAsync(
                Processes::cpuTicksOfThisThread, Loops.EPOLL.group().next()));
    }
}
