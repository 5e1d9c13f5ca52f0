package io.nbd4j.codec.verify;

/**
 * How a stream of bytes is cut into pieces, in one octet: 0 not at all; up to 127 into pieces of so many bytes; from 128
 * on into pieces of changing sizes.
 */
public final class WireCut {
    private static final int CHANGING = 128;
    private static final int LARGEST_CHANGING = 40;

    private final int octet;
    private int state;

    /** Creates a cut. */
    public WireCut(int octet) {
        this.octet = octet;
        this.state = octet;
    }

    /** Returns the length of the next piece of what is left: at least 1, at most {@code left}, which is at least 1. */
    public int next(int left) {
        if (octet == 0) {
            return left;
        }
        if (octet < CHANGING) {
            return Math.min(left, octet);
        }
        state = state * 1_103_515_245 + 12_345;
        return Math.min(left, 1 + (state >>> 16) % LARGEST_CHANGING);
    }
}
