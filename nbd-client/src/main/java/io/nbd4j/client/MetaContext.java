package io.nbd4j.client;

import java.util.Objects;

/**
 * A meta context that the server has selected: a way to look at the blocks of an export, such as
 * {@code base:allocation}.
 *
 * @param id what the server calls it in a block status, 32 bits, unsigned. It says nothing outside of its connection
 * @param name with its namespace before a colon, at most 4096 bytes of UTF-8
 */
public record MetaContext(int id, String name) {
    /** Which ranges are holes, and which read as zeroes. */
    public static final String BASE_ALLOCATION = "base:allocation";
    /** How deep in its chain of backing files QEMU finds the data; 0 for nowhere. */
    public static final String QEMU_ALLOCATION_DEPTH = "qemu:allocation-depth";
    /** What QEMU's dirty bitmaps begin with; the name of the bitmap follows. */
    public static final String QEMU_DIRTY_BITMAP = "qemu:dirty-bitmap:";

    /** Refuses null. */
    public MetaContext {
        Objects.requireNonNull(name);
    }
}
