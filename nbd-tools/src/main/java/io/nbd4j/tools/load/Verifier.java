package io.nbd4j.tools.load;

import java.nio.ByteBuffer;

/**
 * Knows what each block of a region must hold, and which of them have a request in flight. Lives on one event loop.
 *
 * <p>A block that was never written, or whose write failed, may hold anything and is not checked.
 */
final class Verifier {
    /** What {@link #generationOf} returns for a block whose content is not known. */
    static final int UNKNOWN = 0;

    private static final int PAGE_BITS = 12;
    private static final int PAGE_BLOCKS = 1 << PAGE_BITS;
    private static final int BUSY = 1 << 31;
    private static final long BYTES_PER_BLOCK = Integer.BYTES;

    private final Region region;
    private final int blockSize;
    private final BlockStamp stamp;
    // A page per 4096 blocks, made when the first of them is used. An entry is the generation, and the bit BUSY.
    private final int[][] pages;
    private int lastGeneration = UNKNOWN;

    Verifier(Region region, int blockSize, BlockStamp stamp) {
        this.region = region;
        this.blockSize = blockSize;
        this.stamp = stamp;
        this.pages = new int[Math.toIntExact((region.blocks() + PAGE_BLOCKS - 1) >>> PAGE_BITS)][];
    }

    /** Returns how much memory the check of a region needs when all of its blocks have been used. */
    static long memoryFor(Region region) {
        return region.blocks() * BYTES_PER_BLOCK;
    }

    /**
     * Claims a block for a request, until {@link #release}: the wanted one or, if that has a request already, the next one
     * that has none. There must be fewer requests than blocks.
     */
    long claim(long wanted) {
        long block = wanted;
        while (true) {
            int[] page = page(block);
            int index = (int) block & PAGE_BLOCKS - 1;
            if (page[index] >= 0) {
                page[index] |= BUSY;
                return block;
            }
            block = block + 1 == region.blocks() ? 0 : block + 1;
        }
    }

    /** Ends a claim. The content of the block is the same as before. */
    void release(long block) {
        page(block)[(int) block & PAGE_BLOCKS - 1] &= ~BUSY;
    }

    /** Ends the claim of a write: the block now holds {@code generation}, or, after a failure, {@link #UNKNOWN}. */
    void release(long block, int generation) {
        page(block)[(int) block & PAGE_BLOCKS - 1] = generation;
    }

    /** Fills a buffer with what is to be written to a claimed block, and returns its generation. */
    int stamp(long block, ByteBuffer content) {
        lastGeneration = lastGeneration == Integer.MAX_VALUE ? UNKNOWN + 1 : lastGeneration + 1;
        stamp.fill(content, offsetOf(block), lastGeneration);
        return lastGeneration;
    }

    /** Returns which write the block holds, or {@link #UNKNOWN}. */
    int generationOf(long block) {
        int[] page = pages[(int) (block >>> PAGE_BITS)];
        return page == null ? UNKNOWN : page[(int) block & PAGE_BLOCKS - 1] & ~BUSY;
    }

    /** Returns whether what was read from a block is what it must hold. */
    boolean matches(long block, ByteBuffer content) {
        return stamp.matches(content, offsetOf(block), generationOf(block));
    }

    /** Returns what is wrong with what was read from a block. */
    String describe(long block, ByteBuffer content) {
        return "the block at offset " + offsetOf(block) + ": "
                + stamp.describe(content, offsetOf(block), generationOf(block));
    }

    /** Returns the first block from {@code block} on whose content is known; {@link Workload#NO_BLOCK} if there is none. */
    long nextKnown(long block) {
        long candidate = block;
        while (candidate < region.blocks()) {
            if (pages[(int) (candidate >>> PAGE_BITS)] == null) {
                candidate = (candidate | PAGE_BLOCKS - 1) + 1;
            } else if (generationOf(candidate) == UNKNOWN) {
                candidate++;
            } else {
                return candidate;
            }
        }
        return Workload.NO_BLOCK;
    }

    private long offsetOf(long block) {
        return (region.firstBlock() + block) * blockSize;
    }

    private int[] page(long block) {
        int number = (int) (block >>> PAGE_BITS);
        int[] page = pages[number];
        if (page == null) {
            page = new int[PAGE_BLOCKS];
            pages[number] = page;
        }
        return page;
    }
}
