package io.nbd4j.testkit;

import io.netty.buffer.ByteBuf;

/**
 * What a {@link TestServer} serves under a name.
 *
 * <p>The server checks ranges, flags and permissions before it calls: offset and length always lie inside of the
 * export. Methods are called by several connections at once, on the event loop of each, which serves the requests of a
 * connection one after the other. Two calls at the same time for overlapping ranges may mix their effects, as they may on a
 * disk.
 */
public interface Export {
    /** Returns the size in bytes, not negative. It never changes. */
    long size();

    /** Returns whether writes are refused; then none of the methods that change something is called. */
    default boolean isReadOnly() {
        return false;
    }

    /**
     * Returns whether what one connection wrote, flushed or trimmed is seen and is flushed by all, which the server
     * advertises as {@code NBD_FLAG_CAN_MULTI_CONN}. So it is where all share one memory or one file.
     */
    default boolean canMultiConn() {
        return true;
    }

    /** Returns whether the server advertises {@code NBD_FLAG_ROTATIONAL}: a hint that neighbours are best read in order. */
    default boolean isRotational() {
        return false;
    }

    /**
     * Returns whether methods may keep their thread waiting, as a disk does. A server of such an export has more event
     * loops, so that 16 connections do not hold each other up.
     */
    default boolean isBlocking() {
        return false;
    }

    /**
     * Returns whether {@link #zero} can be faster than writing zeroes would be, which the server advertises as
     * {@code NBD_FLAG_SEND_FAST_ZERO}. Where it is not, {@link #zeroFast} says so.
     */
    default boolean isZeroFast() {
        return false;
    }

    /**
     * Appends exactly {@code length} bytes, those from {@code offset} on, to {@code dst}, which stays the caller's and has
     * room for them.
     *
     * @param length at least 1
     */
    void read(long offset, ByteBuf dst, int length) throws ExportException;

    /**
     * Stores the next {@code length} bytes of {@code src}, which stays the caller's, from {@code offset} on.
     *
     * @param length at least 1
     */
    void write(long offset, ByteBuf src, int length) throws ExportException;

    /**
     * Makes a range read as zeroes.
     *
     * @param length at least 1
     * @param mayPunchHole whether the range may lose the space it occupies; if not, it has its space afterwards
     */
    void zero(long offset, long length, boolean mayPunchHole) throws ExportException;

    /**
     * Makes a range read as zeroes if that is faster than writing zeroes would be. Only called if {@link #isZeroFast}.
     *
     * @param length at least 1
     * @param mayPunchHole as in {@link #zero}
     * @throws ExportException with {@code ENOTSUP}, at once and with the content unchanged, if it is not faster
     */
    default void zeroFast(long offset, long length, boolean mayPunchHole) throws ExportException {
        zero(offset, length, mayPunchHole);
    }

    /**
     * Lets go of a range: what it reads as afterwards does not matter. A hint.
     *
     * @param length at least 1
     */
    default void trim(long offset, long length) throws ExportException {}

    /**
     * Prepares for reads of a range. A hint; nothing that a client can see changes.
     *
     * @param length at least 1
     */
    default void cache(long offset, long length) throws ExportException {}

    /** Brings all that has been written to stable storage, if there is any. */
    default void flush() throws ExportException {}

    /**
     * Returns the first offset from {@code offset} on that does not lie in a hole, {@code end} if there is none before.
     *
     * @param offset less than {@code end}
     */
    default long nextData(long offset, long end) throws ExportException {
        return offset;
    }

    /**
     * Returns the first offset from {@code offset} on that lies in a hole, {@code end} if there is none before. A hole
     * reads as zeroes.
     *
     * @param offset less than {@code end}
     */
    default long nextHole(long offset, long end) throws ExportException {
        return end;
    }
}
