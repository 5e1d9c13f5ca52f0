package io.nbd4j.tools.scale;

import io.nbd4j.tools.ToolException;
import io.nbd4j.tools.load.AccessPattern;
import io.nbd4j.tools.load.LoadOptions;
import java.util.List;

/**
 * What is to be measured.
 *
 * @param connections a row for each
 * @param blockSize bytes per request
 * @param depth requests in flight per connection
 * @param queued how many requests are queued on one connection at last; 0 for none
 */
record ScaleOptions(
        List<Integer> connections,
        long blockSize,
        int eventLoops,
        int depth,
        double runtimeSeconds,
        double warmupSeconds,
        int queued) {
    /** Bytes of the disk. */
    static final long DISK_SIZE = 256L << 20;

    private static final double PREPARATION_SECONDS = 0.5;
    private static final int MAX_EVENT_LOOPS = 1024;
    /** So many may wait by default in a client. */
    private static final int MAX_QUEUED = 1 << 20;

    ScaleOptions {
        connections = List.copyOf(connections);
    }

    /** Checks the arguments of the command line, and says which one makes no sense. */
    static ScaleOptions of(
            List<Integer> connections,
            long blockSize,
            int eventLoops,
            int depth,
            double runtimeSeconds,
            double warmupSeconds,
            int queued) {
        if (eventLoops < 1 || eventLoops > MAX_EVENT_LOOPS) {
            throw new ToolException("--event-loops must be 1 to " + MAX_EVENT_LOOPS + ": " + eventLoops);
        }
        if (queued < 0 || queued > MAX_QUEUED) {
            throw new ToolException("--queued must be 0 to " + MAX_QUEUED + ": " + queued);
        }
        ScaleOptions options =
                new ScaleOptions(connections, blockSize, eventLoops, depth, runtimeSeconds, warmupSeconds, queued);
        connections.forEach(options::load);
        return options;
    }

    /** Returns the load test of a row. */
    LoadOptions load(int rowConnections) {
        return load(runtimeSeconds, warmupSeconds, rowConnections, false);
    }

    /** Returns a short one on each event loop, which fills the disk before. */
    LoadOptions preparation() {
        return load(PREPARATION_SECONDS, 0, eventLoops, true);
    }

    private LoadOptions load(double runtime, double warmup, int rowConnections, boolean fill) {
        return LoadOptions.of(
                AccessPattern.RANDREAD, blockSize, depth, runtime, warmup, rowConnections, 0, false, fill, false);
    }
}
