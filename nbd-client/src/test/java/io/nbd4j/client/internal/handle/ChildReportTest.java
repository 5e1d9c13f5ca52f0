package io.nbd4j.client.internal.handle;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.ExitStatus;
import io.nbd4j.client.SubprocessTransport;
import io.nbd4j.client.contract.Outcomes;
import io.nbd4j.client.internal.subprocess.FakeChild;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What waits for the report of a child, while the event loop ends. The time limit only ends what hangs. */
@Timeout(60)
class ChildReportTest {
    private final EventLoop loop = new DefaultEventLoop();
    private final FakeChild child = new FakeChild(false);
    private final CompletableFuture<Optional<ExitStatus>> report = new CompletableFuture<>();

    @AfterEach
    void shutDown() {
        startShutDown();
        loop.terminationFuture().syncUninterruptibly();
    }

    private void startShutDown() {
        loop.shutdownGracefully(0, 10, TimeUnit.SECONDS);
    }

    private void waitForReport() {
        DefaultSubprocess subprocess =
                new DefaultSubprocess(child, List.of("server"), SubprocessTransport.SOCKET_ACTIVATION);
        ChildReport.await(loop, subprocess, status -> report.complete(Optional.ofNullable(status)));
    }

    @Test
    void theEndOfTheEventLoopEndsTheWaitForAChildThatStays() {
        // When
        loop.execute(() -> {
            waitForReport();
            startShutDown();
        });

        // Then
        assertThat(Outcomes.await(report)).isEmpty();
    }

    @Test
    void whileTheEventLoopEndsThereIsNoWait() {
        // Given
        List<Boolean> reportedAtOnce = new ArrayList<>();

        // When
        loop.submit(() -> {
                    startShutDown();
                    waitForReport();
                    reportedAtOnce.add(report.isDone());
                })
                .syncUninterruptibly();

        // Then
        assertThat(reportedAtOnce).containsExactly(true);
    }

    @Test
    void aChildThatHasEndedIsReportedAsUsual() {
        // When
        loop.execute(this::waitForReport);
        loop.execute(() -> child.end(ExitStatus.exited(3)));

        // Then
        assertThat(Outcomes.await(report)).contains(ExitStatus.exited(3));
    }
}
