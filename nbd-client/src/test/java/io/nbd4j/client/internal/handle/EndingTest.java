package io.nbd4j.client.internal.handle;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.ExitStatus;
import io.nbd4j.client.contract.Outcomes;
import io.nbd4j.client.internal.subprocess.FakeChild;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How a child comes to its end while the event loop does. The time limit only ends what hangs. */
@Timeout(60)
class EndingTest {
    private static final Duration LONG = Duration.ofDays(1);
    private static final Duration SHORT = Duration.ofNanos(1);

    private final EventLoop loop = new DefaultEventLoop();
    private final FakeChild child = new FakeChild(false);
    private final CompletableFuture<@Nullable Void> ended = new CompletableFuture<>();

    private Ending ending(Duration graceTimeout, Duration killTimeout) {
        return new Ending(loop, Settings.ending(graceTimeout, killTimeout), null, child, () -> ended.complete(null));
    }

    @AfterEach
    void shutDown() {
        startShutDown();
        loop.terminationFuture().syncUninterruptibly();
    }

    private void startShutDown() {
        loop.shutdownGracefully(0, 10, TimeUnit.SECONDS);
    }

    @Test
    void aChildThatEndsAfterTheEventLoopIsTheEnd() {
        // Given
        Ending ending = ending(LONG, LONG);
        loop.submit(ending::politely).syncUninterruptibly();
        shutDown();
        assertThat(ended).isNotDone();

        // When
        child.end(ExitStatus.exited(0));

        // Then
        Outcomes.await(ended);
        assertThat(child.calls()).isEmpty();
    }

    @Test
    void aChildThatStaysIsEndedThoughTheEventLoopHasEnded() {
        // Given
        Ending ending = ending(SHORT, SHORT);

        // When
        loop.execute(() -> {
            ending.politely();
            startShutDown();
        });

        // Then
        Outcomes.await(ended);
        assertThat(child.calls()).containsExactly("terminate", "kill");
    }

    @Test
    void aChildThatIgnoresSigtermIsKilledThoughTheEventLoopHasEnded() {
        // Given
        Ending ending = ending(LONG, SHORT);

        // When
        loop.execute(() -> {
            ending.atOnce();
            startShutDown();
        });

        // Then
        Outcomes.await(ended);
        assertThat(child.calls()).containsExactly("terminate", "kill");
    }

    @Test
    void anEndThatBeginsWhileTheEventLoopEndsIsReached() {
        // Given
        Ending ending = ending(SHORT, SHORT);

        // When
        loop.execute(() -> {
            startShutDown();
            ending.withoutGoodbye();
        });

        // Then
        Outcomes.await(ended);
        assertThat(child.calls()).containsExactly("terminate", "kill");
    }
}
