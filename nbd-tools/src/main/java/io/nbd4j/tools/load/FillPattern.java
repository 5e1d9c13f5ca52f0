package io.nbd4j.tools.load;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What an export is filled with: bytes that look random, so that no server finds two equal blocks or packs them, and none of
 * which is zero. They depend on their place in the export alone.
 */
final class FillPattern {
    private static final VarHandle WORDS = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private FillPattern() {}

    /**
     * Fills the whole capacity of a buffer, a multiple of 8.
     *
     * @param offset of its first byte in the export, a multiple of 8
     */
    static void write(ByteBuffer piece, long offset) {
        long number = offset / Long.BYTES;
        for (int i = 0; i < piece.capacity(); i += Long.BYTES) {
            WORDS.set(piece, i, word(number));
            number++;
        }
    }

    // A multiplication carries upwards only, and the shifts bring the high bits back down.
    private static long word(long number) {
        long x = (number + 1) * 0x9E37_79B9_7F4A_7C15L;
        x = (x ^ (x >>> 32)) * 0x2545_F491_4F6C_DD1DL;
        return (x ^ (x >>> 32)) | 0x0101_0101_0101_0101L;
    }
}
