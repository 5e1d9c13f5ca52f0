package io.nbd4j.testkit;

import java.util.List;

/**
 * One kind of knowledge about the ranges of an export, which a client can choose in the handshake and ask for with
 * {@code NBD_CMD_BLOCK_STATUS}.
 *
 * <p>Every export has {@code base:allocation}, made from {@link Export#nextData} and {@link Export#nextHole}, unless it is
 * given another context of that name.
 */
public interface MetaContext {
    /** The name of the context that the specification defines. */
    String ALLOCATION = "base:allocation";

    /** Returns the name: a namespace, a colon, and what the namespace makes of the rest. It never changes. */
    String name();

    /**
     * Returns what is true from {@code offset} on, and how far. Called on event loops, by several connections at once;
     * must not block for long.
     *
     * @param offset inside of the export
     * @param end where the client's interest ends, beyond {@code offset} and not beyond the end of the export. The extent
     *     may reach further; the server cuts it. It also joins neighbours of the same status
     * @throws ExportException if that cannot be said; the client is told so
     */
    Extent extentAt(long offset, long end) throws ExportException;

    /**
     * A range with one status.
     *
     * @param length in bytes, at least 1
     * @param status what the context makes of it. More than 32 bits can be told only with extended headers
     */
    record Extent(long length, long status) {
        /** Checks the length. */
        public Extent {
            if (length < 1) {
                throw new IllegalArgumentException("an extent of " + length + " bytes");
            }
        }
    }

    /**
     * Returns a context that never changes.
     *
     * @param name with its namespace
     * @param extents from the start of the export on, one behind the other; behind the last one the status is 0
     */
    static MetaContext of(String name, Extent... extents) {
        List<Extent> fixed = List.of(extents);
        return new MetaContext() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public Extent extentAt(long offset, long end) {
                long skip = offset;
                for (Extent extent : fixed) {
                    if (skip < extent.length()) {
                        return new Extent(extent.length() - skip, extent.status());
                    }
                    skip -= extent.length();
                }
                return new Extent(end - offset, 0);
            }
        };
    }
}
