package io.nbd4j.client;

import io.nbd4j.codec.NbdError;
import io.netty.buffer.ByteBuf;

/** A part of the answer to a read, as {@link NbdDevice#preadChunks} hands it to a {@link ReadChunkListener}. */
public sealed interface ReadChunk {
    /** Returns where in the export it is, in bytes; -1 for an error whose place the server does not say. */
    long offset();

    /**
     * Data.
     *
     * @param content borrowed, see {@link ReadChunkListener}. Its readable bytes, at least one, are what is at
     *     {@code offset}
     */
    record Data(long offset, ByteBuf content) implements ReadChunk {}

    /**
     * A hole: a range that reads as zeroes.
     *
     * @param length in bytes, at least 1
     */
    record Hole(long offset, long length) implements ReadChunk {}

    /**
     * The server could not read something. Whatever else comes, the read has failed.
     *
     * @param offset within the range that was asked for; -1 if the server does not say where, or names another place
     * @param error the server's, where it named one; EIO otherwise
     * @param message what the server said about it, bounded and made printable; may be empty
     */
    record Failure(long offset, NbdError error, String message) implements ReadChunk {}
}
