package io.nbd4j.tools.load;

/** Reads every block once whose content is known, at the end of a verified run. */
final class ReadBackWorkload implements Workload {
    private final Verifier verifier;
    private long next;

    ReadBackWorkload(Verifier verifier) {
        this.verifier = verifier;
    }

    @Override
    public boolean nextIsWrite() {
        return false;
    }

    @Override
    public long nextBlock() {
        long block = next == NO_BLOCK ? NO_BLOCK : verifier.nextKnown(next);
        next = block == NO_BLOCK ? NO_BLOCK : block + 1;
        return block;
    }
}
