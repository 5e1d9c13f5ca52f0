package io.nbd4j.client.internal.handle;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.ConnectionState;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdException;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.SubprocessException;
import io.nbd4j.client.SubprocessTransport;
import io.nbd4j.client.contract.Outcomes;
import io.nbd4j.client.internal.subprocess.ChildrenAtExit;
import io.nbd4j.client.internal.subprocess.CommandLookup;
import io.nbd4j.client.internal.subprocess.Executable;
import io.nbd4j.client.internal.subprocess.FakeChild;
import io.nbd4j.client.internal.subprocess.Launched;
import io.nbd4j.client.internal.subprocess.Rung;
import io.nbd4j.client.internal.subprocess.SpawnThread;
import io.nbd4j.client.internal.subprocess.ladder.Launcher;
import io.nbd4j.client.internal.subprocess.ladder.RungLadder;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What becomes of opening when the event loop ends first. The time limit only ends what hangs. */
@Timeout(60)
class LinkOpenerTest {
    private static final String NO_COMMAND = "nbd4j-no-such-command";

    private final IoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final NbdClient nbd = NbdClient.builder().eventLoopGroup(group).build();
    private final CountDownLatch spawning = new CountDownLatch(1);

    @AfterEach
    void shutDown() {
        spawning.countDown();
        endLoop();
    }

    private void endLoop() {
        group.shutdownGracefully(0, 10, TimeUnit.SECONDS).syncUninterruptibly();
    }

    /** From now on nothing is started, until {@link #spawning} is counted down. */
    private void keepSpawnThreadBusy() {
        SpawnThread.get().execute(() -> awaitUninterruptibly(spawning));
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What was handed to the event loop before has run when this returns. */
    private void turn() {
        group.next().submit(() -> {}).syncUninterruptibly();
    }

    static Stream<NbdTarget> whatIsStarted() {
        return Stream.of(NbdTarget.command(NO_COMMAND), NbdTarget.socketActivation(NO_COMMAND));
    }

    @ParameterizedTest
    @MethodSource("whatIsStarted")
    void aServerThatIsStartedAfterTheEventLoopFails(NbdTarget target) {
        // Given
        keepSpawnThreadBusy();
        NbdFuture<NbdClient> connecting = nbd.connect(target);
        turn();

        // When
        endLoop();
        spawning.countDown();

        // Then
        Outcomes.failureOf(connecting, SubprocessException.class);
        assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
    }

    @Test
    void aHandleThatIsClosedWhileItsCommandWaitsEndsThoughTheEventLoopHasEnded() {
        // Given
        keepSpawnThreadBusy();
        NbdFuture<NbdClient> connecting = nbd.connectCommand(NO_COMMAND);
        NbdFuture<@Nullable Void> closed = nbd.closeAsync();
        turn();

        // When
        endLoop();
        spawning.countDown();

        // Then
        Outcomes.failureOf(connecting, ConnectionLostException.class);
        Outcomes.await(closed);
    }

    /** Starts a child that runs only when the test says so. */
    private final class Slow implements Rung {
        final CountDownLatch begun = new CountDownLatch(1);
        final FakeChild child = new FakeChild(true);
        final Channel channel = new NioSocketChannel();

        @Override
        public SubprocessTransport transport() {
            return SubprocessTransport.PIPE;
        }

        @Override
        public @Nullable String unavailableBecause(EventLoop loop) {
            return null;
        }

        @Override
        public Launched launch(Executable executable, EventLoop loop) {
            begun.countDown();
            awaitUninterruptibly(spawning);
            return new Launched(channel, child);
        }
    }

    /** Tells of the failure. */
    private static final class Hearing implements LinkOpener.Listener {
        final CompletableFuture<NbdException> failure = new CompletableFuture<>();

        @Override
        public void opened(Link link) {
            failure.completeExceptionally(new AssertionError("opened"));
        }

        @Override
        public void notOpened(NbdException cause) {
            failure.complete(cause);
        }
    }

    private LinkOpener opener(Rung rung, LinkOpener.Listener listener) {
        Launcher launcher =
                new Launcher(CommandLookup.ofThisProcess(), new RungLadder(List.of(rung)), ChildrenAtExit.ofThisJvm());
        return new LinkOpener(
                group.next(),
                Settings.ending(Duration.ofDays(1), Duration.ofDays(1)),
                new ChannelInboundHandlerAdapter(),
                listener,
                () -> launcher);
    }

    @Test
    void aChildThatIsStartedWhileTheEventLoopEndsIsEnded() throws InterruptedException {
        // Given
        Slow rung = new Slow();
        Hearing heard = new Hearing();
        LinkOpener opener = opener(rung, heard);
        group.next().submit(() -> opener.open(NbdTarget.command("/bin/sh"))).syncUninterruptibly();
        rung.begun.await();

        // When
        endLoop();
        spawning.countDown();

        // Then
        assertThat(Outcomes.await(heard.failure)).hasMessageContaining("the event loop was shut down");
        assertThat(rung.child.onExit()).isDone();
        assertThat(rung.channel.isOpen()).isFalse();
    }

    @Test
    void nothingIsBegunWhileTheEventLoopEnds() {
        // Given
        Hearing heard = new Hearing();
        LinkOpener opener = opener(new Slow(), heard);

        // When
        group.next()
                .submit(() -> {
                    group.shutdownGracefully(0, 10, TimeUnit.SECONDS);
                    opener.open(NbdTarget.unix("/nonesuch"));
                })
                .syncUninterruptibly();

        // Then
        assertThat(Outcomes.await(heard.failure)).hasMessageContaining("the event loop was shut down");
    }
}
