package io.nbd4j.tools.load;

/** One block after the other, and again from the start. */
final class SequentialWorkload implements Workload {
    private final long blocks;
    private final boolean writes;
    private long next;

    SequentialWorkload(long blocks, boolean writes) {
        this.blocks = blocks;
        this.writes = writes;
    }

    @Override
    public boolean nextIsWrite() {
        return writes;
    }

    @Override
    public long nextBlock() {
        long block = next;
        next = block + 1 == blocks ? 0 : block + 1;
        return block;
    }
}
