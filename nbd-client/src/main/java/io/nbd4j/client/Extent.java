package io.nbd4j.client;

/**
 * A range of an export that has one status in a meta context.
 *
 * <p>What the status means depends on the context: {@link #isData}, {@link #isHole} and {@link #isZero} are for
 * {@link MetaContext#BASE_ALLOCATION}, {@link #isDirty} is for QEMU's dirty bitmaps, {@link #allocationDepth} for
 * {@link MetaContext#QEMU_ALLOCATION_DEPTH}. An extent does not know its context.
 *
 * <p>Servers should, but need not, align extents to their minimum block: see {@link #wholeBlocks}.
 *
 * @param offset in bytes from the start of the export
 * @param length in bytes, at least 1
 * @param flags the status as the server gave it: 32 bits, unsigned; with extended headers a context may use all 64. In
 *     {@code base:allocation} only the two bits that are defined, as the specification asks
 */
public record Extent(long offset, long length, long flags) {
    /** {@code NBD_STATE_HOLE}. */
    private static final long HOLE = 1;
    /** {@code NBD_STATE_ZERO}. */
    private static final long ZERO = 1 << 1;
    /** {@code NBD_STATE_DIRTY}. */
    private static final long DIRTY = 1;

    /** Returns where it ends: the offset of the first byte behind it. */
    public long end() {
        return offset + length;
    }

    /** Returns the range. */
    public NbdRange range() {
        return NbdRange.of(offset, length);
    }

    /**
     * Returns whether nothing is allocated for it ({@code NBD_STATE_HOLE} of {@code base:allocation}). A hole need not read
     * as zeroes: see {@link #isZero}.
     */
    public boolean isHole() {
        return (flags & HOLE) != 0;
    }

    /** Returns whether it is known to read as zeroes ({@code NBD_STATE_ZERO} of {@code base:allocation}); it may be allocated. */
    public boolean isZero() {
        return (flags & ZERO) != 0;
    }

    /**
     * Returns whether it has to be read to know what is in it: it is not known to read as zeroes ({@code base:allocation}).
     * That includes holes whose content is undefined.
     */
    public boolean isData() {
        return !isZero();
    }

    /** Returns whether it has changed ({@code NBD_STATE_DIRTY} of {@code qemu:dirty-bitmap:}). */
    public boolean isDirty() {
        return (flags & DIRTY) != 0;
    }

    /**
     * Returns how deep in the chain of backing files its data is ({@code qemu:allocation-depth}): 1 in the top layer, 2 in the
     * first backing file, and so on; 0 nowhere. A number, not a set of bits.
     */
    public long allocationDepth() {
        return flags;
    }

    /**
     * Returns the part of it that consists of whole blocks, for a conclusion that must not be drawn from a part of a block: a
     * block that is only partly zero is data.
     *
     * @param block in bytes, at least 1
     * @return with a length of 0 if no block lies within it
     */
    public NbdRange wholeBlocks(long block) {
        if (block < 1) {
            throw new IllegalArgumentException("a block of " + block + " bytes");
        }
        long beyond = offset % block;
        long start = beyond == 0 ? offset : offset + (block - beyond);
        long stop = end() - end() % block;
        return stop > start ? NbdRange.of(start, stop - start) : NbdRange.of(offset, 0);
    }
}
