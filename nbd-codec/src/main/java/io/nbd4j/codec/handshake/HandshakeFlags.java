package io.nbd4j.codec.handshake;

/**
 * What a newstyle server offers for the handshake, as it says in its greeting. Unknown bits are kept and ignored.
 *
 * @param bits the 16 bits of the wire
 */
public record HandshakeFlags(int bits) {
    /** {@code NBD_FLAG_FIXED_NEWSTYLE}: the server answers options that it does not support instead of hanging up. */
    public static final int FIXED_NEWSTYLE = 1;
    /** {@code NBD_FLAG_NO_ZEROES}: the server can leave out the padding behind the answer to EXPORT_NAME. */
    public static final int NO_ZEROES = 1 << 1;

    /** Keeps the low 16 bits. */
    public HandshakeFlags {
        bits &= 0xffff;
    }

    /** Returns whether all bits of {@code mask} are set. */
    public boolean has(int mask) {
        return (bits & mask) == mask;
    }
}
