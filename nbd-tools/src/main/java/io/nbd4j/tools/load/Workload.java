package io.nbd4j.tools.load;

/** Chooses the requests of one connection, one after the other. */
interface Workload {
    /** What {@link #nextBlock} returns when there is nothing more to do. */
    long NO_BLOCK = -1;

    /** Returns whether the next request writes. Asked once per request, before {@link #nextBlock}. */
    boolean nextIsWrite();

    /** Returns the block of the next request, counted from the start of the region; or {@link #NO_BLOCK}. */
    long nextBlock();
}
