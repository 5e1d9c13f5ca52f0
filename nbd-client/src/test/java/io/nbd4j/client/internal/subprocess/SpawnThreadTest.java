package io.nbd4j.client.internal.subprocess;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class SpawnThreadTest {
    private final SpawnThread spawnThread = SpawnThread.get();

    @Test
    void runsEverythingOnOneDaemonThread() {
        // When
        Thread first = spawnThread.submit(Thread::currentThread, t -> {}).join();
        Thread second = spawnThread.submit(Thread::currentThread, t -> {}).join();

        // Then
        assertThat(second).isSameAs(first).isNotSameAs(Thread.currentThread());
        assertThat(first.isDaemon()).isTrue();
    }

    @Test
    void survivesWhateverATaskThrows() {
        // Given
        Thread before = spawnThread.submit(Thread::currentThread, t -> {}).join();

        // When
        spawnThread.execute(() -> {
            throw new AssertionError("thrown on purpose by a test");
        });
        spawnThread.execute(() -> Thread.currentThread().interrupt());

        // Then
        assertThat(spawnThread.submit(Thread::currentThread, t -> {}).join()).isSameAs(before);
        assertThat(spawnThread.submit(Thread::interrupted, t -> {}).join()).isFalse();
    }

    @Test
    void passesOnWhatATaskThrows() {
        // Given
        IOException failure = new IOException("no more processes");

        // When
        CompletableFuture<Object> future = spawnThread.submit(
                () -> {
                    throw failure;
                },
                t -> {});

        // Then
        assertThat(future)
                .failsWithin(Duration.ofMinutes(1))
                .withThrowableThat()
                .havingCause()
                .isSameAs(failure);
    }

    @Test
    void handsAResultThatNobodyWaitsForToItsDisposer() throws InterruptedException {
        // Given
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch cancelled = new CountDownLatch(1);
        CompletableFuture<String> disposed = new CompletableFuture<>();

        // When
        CompletableFuture<String> future = spawnThread.submit(
                () -> {
                    running.countDown();
                    cancelled.await();
                    return "a child";
                },
                disposed::complete);
        running.await();
        future.cancel(false);
        cancelled.countDown();

        // Then
        assertThat(disposed.join()).isEqualTo("a child");
    }

    @Test
    void doesNotStartWhatWasCancelledBefore() throws InterruptedException {
        // Given
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch ran = new CountDownLatch(1);
        spawnThread.execute(() -> awaitUninterruptibly(release));

        // When
        CompletableFuture<String> future = spawnThread.submit(
                () -> {
                    ran.countDown();
                    return "never";
                },
                t -> {});
        future.cancel(false);
        release.countDown();

        // Then
        spawnThread.submit(() -> "behind it", t -> {}).join();
        assertThat(ran.getCount()).isOne();
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
