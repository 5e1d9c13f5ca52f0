package io.nbd4j.codec.transmission;

import io.nbd4j.codec.Magic;
import io.netty.buffer.ByteBuf;

/**
 * Writes the replies of a server that has agreed on extended headers (experimental): each is made of extended chunks, a
 * success without content too.
 *
 * <p>Every chunk repeats the cookie and the offset of its request. Otherwise as in {@link ReplyEncoder}: of data only the
 * header is written, {@code out} is borrowed and grows, only what cannot be framed is refused.
 */
public final class ExtendedReplyEncoder {
    /** The size of what starts each chunk, in bytes. */
    public static final int CHUNK_HEADER_LENGTH = 4 + 2 + 2 + 8 + 8 + 8;

    /** The size of an OFFSET_DATA chunk without its data, in bytes. */
    public static final int OFFSET_DATA_LENGTH = CHUNK_HEADER_LENGTH + 8;

    private ExtendedReplyEncoder() {}

    /** Writes a chunk without content, {@code NONE}, which ends a reply. */
    public static void none(ByteBuf out, long cookie, long requestOffset) {
        chunk(out, true, ChunkType.NONE, cookie, requestOffset, 0);
    }

    /**
     * Writes the header of an {@code OFFSET_DATA} chunk. The data follows it.
     *
     * @param done whether the reply ends with this chunk
     * @param requestOffset the offset of the request
     * @param offset where the data is, in bytes from the start of the export
     * @param length of the data, at least 1
     */
    public static void offsetData(
            ByteBuf out, boolean done, long cookie, long requestOffset, long offset, long length) {
        chunk(out, done, ChunkType.OFFSET_DATA, cookie, requestOffset, 8 + length);
        out.writeLong(offset);
    }

    /**
     * Writes an {@code OFFSET_HOLE} chunk.
     *
     * @param done whether the reply ends with this chunk
     * @param requestOffset the offset of the request
     * @param offset where the hole is, in bytes from the start of the export
     * @param length of the hole, unsigned, at least 1; here too it has 32 bits only
     */
    public static void offsetHole(ByteBuf out, boolean done, long cookie, long requestOffset, long offset, int length) {
        chunk(out, done, ChunkType.OFFSET_HOLE, cookie, requestOffset, 8 + 4);
        out.writeLong(offset);
        out.writeInt(length);
    }

    /**
     * Writes the header of a {@code BLOCK_STATUS_EXT} chunk. So many extents follow it.
     *
     * @param done whether the reply ends with this chunk
     * @param requestOffset the offset of the request
     * @param extents at least 1
     * @see #extent
     */
    public static void blockStatus(
            ByteBuf out, boolean done, long cookie, long requestOffset, int contextId, int extents) {
        chunk(out, done, ChunkType.BLOCK_STATUS_EXT, cookie, requestOffset, 4 + 4 + 16L * extents);
        out.writeInt(contextId);
        out.writeInt(extents);
    }

    /** Writes an extent of a block status chunk. Both numbers are unsigned. */
    public static void extent(ByteBuf out, long length, long statusFlags) {
        out.writeLong(length);
        out.writeLong(statusFlags);
    }

    /**
     * Writes an {@code ERROR} chunk.
     *
     * @param done whether the reply ends with this chunk
     * @param requestOffset the offset of the request
     * @param error not 0
     * @param message for humans, maybe empty
     * @throws IllegalArgumentException if the message is longer than a string may be; nothing is written
     */
    public static void error(ByteBuf out, boolean done, long cookie, long requestOffset, int error, String message) {
        int messageLength = ErrorPayload.messageLength(message);
        chunk(out, done, ChunkType.ERROR, cookie, requestOffset, ErrorPayload.LENGTH + messageLength);
        ErrorPayload.write(out, error, messageLength, message);
    }

    /**
     * Writes an {@code ERROR_OFFSET} chunk.
     *
     * @param done whether the reply ends with this chunk
     * @param requestOffset the offset of the request
     * @param error not 0
     * @param errorOffset where in the export it happened
     * @param message for humans, maybe empty
     * @throws IllegalArgumentException if the message is longer than a string may be; nothing is written
     */
    public static void errorOffset(
            ByteBuf out, boolean done, long cookie, long requestOffset, int error, long errorOffset, String message) {
        int messageLength = ErrorPayload.messageLength(message);
        chunk(out, done, ChunkType.ERROR_OFFSET, cookie, requestOffset, ErrorPayload.LENGTH + messageLength + 8);
        ErrorPayload.write(out, error, messageLength, message);
        out.writeLong(errorOffset);
    }

    private static void chunk(ByteBuf out, boolean done, ChunkType type, long cookie, long requestOffset, long length) {
        out.ensureWritable(OFFSET_DATA_LENGTH);
        out.writeInt(Magic.EXTENDED_REPLY);
        out.writeInt((done ? ChunkType.FLAG_DONE : 0) << 16 | type.wire());
        out.writeLong(cookie);
        out.writeLong(requestOffset);
        out.writeLong(length);
    }
}
