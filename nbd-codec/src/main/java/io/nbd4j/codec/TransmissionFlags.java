package io.nbd4j.codec;

/**
 * What an export can do, as the server says at the end of the handshake. Unknown bits are kept and ignored.
 *
 * @param bits the 16 bits of the wire
 */
public record TransmissionFlags(int bits) {
    /** {@code NBD_FLAG_HAS_FLAGS}: always set. */
    public static final int HAS_FLAGS = 1;
    /** {@code NBD_FLAG_READ_ONLY}. */
    public static final int READ_ONLY = 1 << 1;
    /** {@code NBD_FLAG_SEND_FLUSH}. */
    public static final int SEND_FLUSH = 1 << 2;
    /** {@code NBD_FLAG_SEND_FUA}. */
    public static final int SEND_FUA = 1 << 3;
    /** {@code NBD_FLAG_ROTATIONAL}. */
    public static final int ROTATIONAL = 1 << 4;
    /** {@code NBD_FLAG_SEND_TRIM}. */
    public static final int SEND_TRIM = 1 << 5;
    /** {@code NBD_FLAG_SEND_WRITE_ZEROES}. */
    public static final int SEND_WRITE_ZEROES = 1 << 6;
    /** {@code NBD_FLAG_SEND_DF}. */
    public static final int SEND_DF = 1 << 7;
    /** {@code NBD_FLAG_CAN_MULTI_CONN}. */
    public static final int CAN_MULTI_CONN = 1 << 8;
    /** {@code NBD_FLAG_SEND_RESIZE} (experimental). */
    public static final int SEND_RESIZE = 1 << 9;
    /** {@code NBD_FLAG_SEND_CACHE}. */
    public static final int SEND_CACHE = 1 << 10;
    /** {@code NBD_FLAG_SEND_FAST_ZERO}. */
    public static final int SEND_FAST_ZERO = 1 << 11;
    /** {@code NBD_FLAG_BLOCK_STATUS_PAYLOAD} (experimental). */
    public static final int BLOCK_STATUS_PAYLOAD = 1 << 12;

    /** Keeps the low 16 bits. */
    public TransmissionFlags {
        bits &= 0xffff;
    }

    /** Returns whether all bits of {@code mask} are set. */
    public boolean has(int mask) {
        return (bits & mask) == mask;
    }
}
