package io.nbd4j.codec.handshake;

/**
 * What the client agrees to, sent once as the answer to a newstyle greeting.
 *
 * @param bits the 32 bits of the wire
 */
public record ClientFlags(int bits) {
    /** {@code NBD_FLAG_C_FIXED_NEWSTYLE}. */
    public static final int FIXED_NEWSTYLE = 1;
    /** {@code NBD_FLAG_C_NO_ZEROES}: only if the server offered it. */
    public static final int NO_ZEROES = 1 << 1;

    /** Returns whether all bits of {@code mask} are set. */
    public boolean has(int mask) {
        return (bits & mask) == mask;
    }

    /** Returns the bits that the specification does not define. A server hangs up on any. */
    public int unknownBits() {
        return bits & ~(FIXED_NEWSTYLE | NO_ZEROES);
    }
}
