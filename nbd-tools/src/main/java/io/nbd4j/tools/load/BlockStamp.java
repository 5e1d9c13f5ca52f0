package io.nbd4j.tools.load;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Writes and checks the content of verified blocks. Words of eight bytes carry by turns the offset and the generation of
 * the block, each masked with a key that depends on the place of the word within the block and on the run. So every
 * word tells a block that was misplaced, is out of date, shifted in itself, or left over from an earlier run.
 */
final class BlockStamp {
    /** The size of a block is a multiple of this. */
    static final int GRANULE = 2 * Long.BYTES;

    private static final VarHandle WORDS = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    // The golden ratio: no two words of a block have the same key.
    private static final long KEY_STEP = 0x9E37_79B9_7F4A_7C15L;

    private final int blockSize;
    private final long runKey;

    /** Creates the stamp of a run. {@code runKey} is another one in every run. */
    BlockStamp(int blockSize, long runKey) {
        this.blockSize = blockSize;
        this.runKey = runKey;
    }

    /** Fills a block. */
    void fill(ByteBuffer block, long offset, long generation) {
        long key = runKey;
        for (int i = 0; i < blockSize; i += GRANULE) {
            WORDS.set(block, i, offset ^ key);
            key += KEY_STEP;
            WORDS.set(block, i + Long.BYTES, generation ^ key);
            key += KEY_STEP;
        }
    }

    /** Returns whether a block holds exactly what {@link #fill} wrote. */
    boolean matches(ByteBuffer block, long offset, long generation) {
        long key = runKey;
        long difference = 0;
        for (int i = 0; i < blockSize; i += GRANULE) {
            difference |= (long) WORDS.get(block, i) ^ offset ^ key;
            key += KEY_STEP;
            difference |= (long) WORDS.get(block, i + Long.BYTES) ^ generation ^ key;
            key += KEY_STEP;
        }
        return difference == 0;
    }

    /** Returns what is wrong with a block that does not match. */
    String describe(ByteBuffer block, long offset, long generation) {
        long foundOffset = (long) WORDS.get(block, 0) ^ runKey;
        long foundGeneration = (long) WORDS.get(block, Long.BYTES) ^ (runKey + KEY_STEP);
        if (matches(block, foundOffset, foundGeneration)) {
            return foundOffset == offset
                    ? "it holds an older write of this run"
                    : "it holds what was written at offset " + foundOffset;
        }
        ByteBuffer expected = ByteBuffer.allocate(blockSize);
        fill(expected, offset, generation);
        int first = expected.mismatch(block.duplicate().clear());
        return "its bytes differ from byte " + first + " of the block on";
    }
}
