package io.nbd4j.tools.load;

import java.util.Locale;

/** What the requests do and where, in fio's words. */
public enum AccessPattern {
    /** Reads, one block after the other. */
    READ(true, false, true),
    /** Writes, one block after the other. */
    WRITE(false, true, true),
    /** Reads of random blocks. */
    RANDREAD(true, false, false),
    /** Writes of random blocks. */
    RANDWRITE(false, true, false),
    /** Reads and writes of random blocks, half and half. */
    RANDRW(true, true, false);

    private final boolean reads;
    private final boolean writes;
    private final boolean sequential;

    AccessPattern(boolean reads, boolean writes, boolean sequential) {
        this.reads = reads;
        this.writes = writes;
        this.sequential = sequential;
    }

    boolean reads() {
        return reads;
    }

    boolean writes() {
        return writes;
    }

    boolean isSequential() {
        return sequential;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
