package io.nbd4j.tools.scale;

import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Looks at the memory again and again, on a thread of its own, until it is closed. */
final class PeakMemory implements AutoCloseable {
    private static final long PERIOD_MILLIS = 20;

    private final ScheduledExecutorService sampler =
            new ScheduledThreadPoolExecutor(1, new DefaultThreadFactory("nbd-scale-memory", true));
    /** Written by the sampler alone. */
    private volatile Memory peak = Memory.now();

    @SuppressWarnings("FutureReturnValueIgnored") // it runs until the executor is shut down
    private PeakMemory() {
        sampler.scheduleAtFixedRate(this::sample, PERIOD_MILLIS, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    }

    static PeakMemory watch() {
        return new PeakMemory();
    }

    private void sample() {
        peak = peak.max(Memory.now());
    }

    /** Returns the most that was seen so far. */
    Memory soFar() {
        return peak.max(Memory.now());
    }

    @Override
    public void close() {
        sampler.shutdownNow();
    }
}
