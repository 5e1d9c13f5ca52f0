package io.nbd4j.codec;

/**
 * The sizes that a server asks its client to respect ({@code NBD_INFO_BLOCK_SIZE}), in bytes.
 *
 * @param minimumBlock offsets and lengths are multiples of it; a power of two from 1 to 65536
 * @param preferredBlock offsets and lengths should be multiples of it; a power of two, at least 512
 * @param maximumPayload the longest read or write; {@code 0xffffffff} means no fixed limit
 */
public record SizeConstraints(long minimumBlock, long preferredBlock, long maximumPayload) {
    /** A {@link #maximumPayload} without a fixed limit. */
    public static final long UNLIMITED = 0xffff_ffffL;

    /** What holds for a server that advertises nothing. */
    public static final SizeConstraints DEFAULT = new SizeConstraints(1, 4096, ProtocolLimits.DEFAULT_MAXIMUM_PAYLOAD);

    /**
     * Returns whether the three values obey the specification. A client ignores all of them if they do not. The maximum
     * need not be a multiple of the minimum.
     */
    public boolean isPlausible() {
        return isPowerOfTwo(minimumBlock)
                && minimumBlock <= ProtocolLimits.MAX_MINIMUM_BLOCK
                && isPowerOfTwo(preferredBlock)
                && preferredBlock >= Math.max(512, minimumBlock)
                && maximumPayload >= preferredBlock
                && maximumPayload <= UNLIMITED;
    }

    private static boolean isPowerOfTwo(long value) {
        return value > 0 && (value & (value - 1)) == 0;
    }
}
