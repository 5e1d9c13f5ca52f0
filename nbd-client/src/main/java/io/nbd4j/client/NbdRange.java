package io.nbd4j.client;

/**
 * A range of an export. For commands that take two numbers of the same type, it keeps them from being swapped.
 *
 * @param offset in bytes from the start of the export
 * @param length in bytes
 */
public record NbdRange(long offset, long length) {
    /** Returns the range of {@code length} bytes from {@code offset} on. Its bounds are checked when it is used. */
    public static NbdRange of(long offset, long length) {
        return new NbdRange(offset, length);
    }

    /** Returns where it ends: the offset of the first byte behind it. */
    public long end() {
        return offset + length;
    }

    /** Returns {@code [offset, offset + length)}. */
    @Override
    public String toString() {
        return "[" + offset + ", " + end() + ")";
    }
}
