package io.nbd4j.tools.load;

import io.nbd4j.tools.ToolException;

/**
 * What is to be measured.
 *
 * @param pattern which blocks are read or written
 * @param blockSize bytes per request, 1 to 2^30
 * @param depth requests in flight per connection, 1 to 65,536
 * @param runtimeNanos how long to measure
 * @param warmupNanos how long to run before that
 * @param connections 1 to 65,536; to one export, or to a server each
 * @param rate requests per second of all connections together, as an open loop; 0 for as many as the server answers
 * @param verify whether what was written is checked when it is read back
 * @param fill whether the export is written as a whole before all that
 * @param offLoop whether each connection has a thread of its own that issues requests, in place of its event loop; then
 *     there are at most 1,024
 */
public record LoadOptions(
        AccessPattern pattern,
        int blockSize,
        int depth,
        long runtimeNanos,
        long warmupNanos,
        int connections,
        long rate,
        boolean verify,
        boolean fill,
        boolean offLoop) {
    private static final int MAX_DEPTH = 65536;
    private static final int MAX_CONNECTIONS = 65536;
    private static final int MAX_CALLERS = 1024;
    private static final int MAX_BLOCK_SIZE = 1 << 30;
    private static final long MAX_RATE = 1_000_000_000;
    private static final double MAX_SECONDS = 1e9;
    private static final double NANOS_PER_SECOND = 1e9;

    /** Checks the arguments of the command line, and says which one makes no sense. */
    public static LoadOptions of(
            AccessPattern pattern,
            long blockSize,
            int depth,
            double runtimeSeconds,
            double warmupSeconds,
            int connections,
            long rate,
            boolean verify,
            boolean fill,
            boolean offLoop) {
        require(blockSize >= 1 && blockSize <= MAX_BLOCK_SIZE, "--bs must be 1 to 1g", blockSize);
        require(depth >= 1 && depth <= MAX_DEPTH, "--iodepth must be 1 to " + MAX_DEPTH, depth);
        require(runtimeSeconds > 0 && runtimeSeconds <= MAX_SECONDS, "--runtime must be positive", runtimeSeconds);
        require(warmupSeconds >= 0 && warmupSeconds <= MAX_SECONDS, "--warmup must not be negative", warmupSeconds);
        require(
                connections >= 1 && connections <= MAX_CONNECTIONS,
                "--connections must be 1 to " + MAX_CONNECTIONS,
                connections);
        require(rate >= 0 && rate <= MAX_RATE, "--rate must be 1 to " + MAX_RATE, rate);
        if (offLoop) {
            require(
                    connections <= MAX_CALLERS,
                    "--off-loop has a thread for each connection, of which there may be " + MAX_CALLERS,
                    connections);
        }
        if (verify) {
            require(
                    blockSize % BlockStamp.GRANULE == 0,
                    "--verify needs a --bs that is a multiple of " + BlockStamp.GRANULE,
                    blockSize);
        }
        return new LoadOptions(
                pattern,
                (int) blockSize,
                depth,
                (long) (runtimeSeconds * NANOS_PER_SECOND),
                (long) (warmupSeconds * NANOS_PER_SECOND),
                connections,
                rate,
                verify,
                fill,
                offLoop);
    }

    private static void require(boolean holds, String rule, Object value) {
        if (!holds) {
            throw new ToolException(rule + ": " + value);
        }
    }

    boolean isOpenLoop() {
        return rate > 0;
    }

    /** Returns the most bytes that one connection has in flight. */
    public long bytesInFlight() {
        return (long) blockSize * depth;
    }
}
