package io.nbd4j.tools.scale;

import io.nbd4j.client.NbdDevice;
import io.nbd4j.tools.ErrorLine;
import io.nbd4j.tools.ToolException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Queues very many reads on one connection at once, from a thread that is not its event loop. */
final class QueuedRequests {
    private final int requests;
    private final int blockSize;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final AtomicInteger left;
    private volatile @Nullable Throwable failure;

    /**
     * What came of it.
     *
     * @param submitNanos how long it took to queue them
     * @param nanos until the last one has ended
     * @param before the memory in use after a garbage collection
     * @param peak the most that was in use, garbage included
     * @param after the memory in use after another garbage collection
     */
    record Report(int requests, long submitNanos, long nanos, Memory before, Memory peak, Memory after) {}

    private QueuedRequests(int requests, int blockSize) {
        this.requests = requests;
        this.blockSize = blockSize;
        this.left = new AtomicInteger(requests);
    }

    /**
     * Runs the test; empty if there was an interrupt.
     *
     * @throws ToolException if a request fails
     */
    static Optional<Report> run(NbdDevice device, int requests, int blockSize, CompletableFuture<Void> interrupt) {
        return new QueuedRequests(requests, blockSize).run(device, interrupt);
    }

    private Optional<Report> run(NbdDevice device, CompletableFuture<Void> interrupt) {
        // All of them read into the same memory, and no two buffers share their indices.
        ByteBuf block = PooledByteBufAllocator.DEFAULT.directBuffer(blockSize, blockSize);
        Memory before = Memory.afterCollection();
        try (PeakMemory peak = PeakMemory.watch()) {
            long start = System.nanoTime();
            submit(device, block);
            long submitted = System.nanoTime();
            CompletableFuture.anyOf(ended, interrupt).join();
            if (!ended.isDone()) {
                return Optional.empty();
            }
            long end = System.nanoTime();
            block.release();
            Throwable cause = failure;
            if (cause != null) {
                throw new ToolException("of the queued requests one failed: " + ErrorLine.of(cause), cause);
            }
            Memory most = peak.soFar();
            return Optional.of(
                    new Report(requests, submitted - start, end - start, before, most, Memory.afterCollection()));
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // what follows is in the stage itself
    private void submit(NbdDevice device, ByteBuf block) {
        long blocks = device.export().size() / blockSize;
        for (int i = 0; i < requests; i++) {
            device.pread(block.duplicate(), i % blocks * blockSize).whenComplete(this::ended);
        }
    }

    private void ended(@Nullable Void ignored, @Nullable Throwable cause) {
        if (cause != null && failure == null) {
            failure = cause;
        }
        if (left.decrementAndGet() == 0) {
            ended.complete(null);
        }
    }
}
