package io.nbd4j.codec.transmission;

import io.nbd4j.codec.Magic;
import io.netty.buffer.ByteBuf;

/**
 * Writes the replies of a server that has not agreed on extended headers: simple replies and structured reply chunks.
 *
 * <p>Of what carries data only the header is written; the data travels behind it, in a buffer of its own. All methods
 * borrow {@code out}, which grows as needed. What they are told is not checked against the specification, so that a
 * test server can break it; only what cannot be framed is refused.
 */
public final class ReplyEncoder {
    /** The size of a simple reply without its data, in bytes. */
    public static final int SIMPLE_REPLY_LENGTH = 4 + 4 + 8;

    /** The size of what starts each chunk, in bytes. */
    public static final int CHUNK_HEADER_LENGTH = 4 + 2 + 2 + 8 + 4;

    /** The size of an OFFSET_DATA chunk without its data, in bytes. */
    public static final int OFFSET_DATA_LENGTH = CHUNK_HEADER_LENGTH + 8;

    private ReplyEncoder() {}

    /**
     * Writes a simple reply. The data of a successful read follows it.
     *
     * @param error 0 for success
     */
    public static void simpleReply(ByteBuf out, int error, long cookie) {
        out.ensureWritable(SIMPLE_REPLY_LENGTH);
        out.writeInt(Magic.SIMPLE_REPLY);
        out.writeInt(error);
        out.writeLong(cookie);
    }

    /** Writes a chunk without content, {@code NONE}, which ends a reply. */
    public static void none(ByteBuf out, long cookie) {
        chunk(out, true, ChunkType.NONE, cookie, 0);
    }

    /**
     * Writes the header of an {@code OFFSET_DATA} chunk. The data follows it.
     *
     * @param done whether the reply ends with this chunk
     * @param offset in bytes from the start of the export
     * @param length of the data, at least 1
     */
    public static void offsetData(ByteBuf out, boolean done, long cookie, long offset, int length) {
        chunk(out, done, ChunkType.OFFSET_DATA, cookie, 8L + length);
        out.writeLong(offset);
    }

    /**
     * Writes an {@code OFFSET_HOLE} chunk.
     *
     * @param done whether the reply ends with this chunk
     * @param offset in bytes from the start of the export
     * @param length of the hole, unsigned, at least 1
     */
    public static void offsetHole(ByteBuf out, boolean done, long cookie, long offset, int length) {
        chunk(out, done, ChunkType.OFFSET_HOLE, cookie, 8 + 4);
        out.writeLong(offset);
        out.writeInt(length);
    }

    /**
     * Writes the header of a {@code BLOCK_STATUS} chunk. So many extents follow it.
     *
     * @param done whether the reply ends with this chunk
     * @param extents at least 1
     * @see #extent
     */
    public static void blockStatus(ByteBuf out, boolean done, long cookie, int contextId, int extents) {
        chunk(out, done, ChunkType.BLOCK_STATUS, cookie, 4 + 8L * extents);
        out.writeInt(contextId);
    }

    /** Writes an extent of a block status chunk. Both numbers are unsigned. */
    public static void extent(ByteBuf out, int length, int statusFlags) {
        out.writeInt(length);
        out.writeInt(statusFlags);
    }

    /**
     * Writes an {@code ERROR} chunk.
     *
     * @param done whether the reply ends with this chunk
     * @param error not 0
     * @param message for humans, maybe empty
     * @throws IllegalArgumentException if the message is longer than a string may be; nothing is written
     */
    public static void error(ByteBuf out, boolean done, long cookie, int error, String message) {
        int messageLength = ErrorPayload.messageLength(message);
        chunk(out, done, ChunkType.ERROR, cookie, ErrorPayload.LENGTH + messageLength);
        ErrorPayload.write(out, error, messageLength, message);
    }

    /**
     * Writes an {@code ERROR_OFFSET} chunk.
     *
     * @param done whether the reply ends with this chunk
     * @param error not 0
     * @param errorOffset where in the export it happened
     * @param message for humans, maybe empty
     * @throws IllegalArgumentException if the message is longer than a string may be; nothing is written
     */
    public static void errorOffset(
            ByteBuf out, boolean done, long cookie, int error, long errorOffset, String message) {
        int messageLength = ErrorPayload.messageLength(message);
        chunk(out, done, ChunkType.ERROR_OFFSET, cookie, ErrorPayload.LENGTH + messageLength + 8);
        ErrorPayload.write(out, error, messageLength, message);
        out.writeLong(errorOffset);
    }

    private static void chunk(ByteBuf out, boolean done, ChunkType type, long cookie, long length) {
        out.ensureWritable(OFFSET_DATA_LENGTH);
        out.writeInt(Magic.STRUCTURED_REPLY);
        out.writeInt((done ? ChunkType.FLAG_DONE : 0) << 16 | type.wire());
        out.writeLong(cookie);
        out.writeInt((int) length);
    }
}
