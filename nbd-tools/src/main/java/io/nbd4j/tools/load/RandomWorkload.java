package io.nbd4j.tools.load;

/** Blocks at random, evenly distributed; reads and writes at random if there are both. */
final class RandomWorkload implements Workload {
    private final long blocks;
    private final AccessPattern pattern;
    private long state;

    /** Creates a workload. The same seed gives the same requests. */
    RandomWorkload(long blocks, AccessPattern pattern, long seed) {
        this.blocks = blocks;
        this.pattern = pattern;
        // Zero is the one state that xorshift never leaves, and seeds that differ little start alike.
        this.state = seed * 0x9E37_79B9_7F4A_7C15L | 1;
    }

    @Override
    public boolean nextIsWrite() {
        return pattern.writes() && (!pattern.reads() || draw() < 0);
    }

    @Override
    public long nextBlock() {
        return (draw() >>> 1) % blocks;
    }

    // Marsaglia's xorshift64, scrambled by a multiplication: the low bits of the plain state are poor.
    private long draw() {
        long x = state;
        x ^= x << 13;
        x ^= x >>> 7;
        x ^= x << 17;
        state = x;
        return x * 0x2545_F491_4F6C_DD1DL;
    }
}
