package io.nbd4j.codec.transmission;

import io.netty.buffer.ByteBuf;

/**
 * Hears what a {@link ReplyDecoder} finds, as numbers, so that a reply costs no garbage.
 *
 * <p>A method may throw {@link io.nbd4j.codec.ProtocolViolationException} for what only it can see: a cookie that
 * nobody sent, data outside of the request. The decoder then discards everything that follows.
 */
public interface ReplyListener {
    /**
     * A simple reply.
     *
     * @param error 0 for success
     * @return how many bytes of payload follow: the length of the read if this answers a read and {@code error} is 0,
     *     otherwise 0
     */
    int simpleReply(long cookie, int error);

    /**
     * The header of an extended chunk. What the chunk carries comes behind it; of the other replies nothing comes here.
     *
     * @param requestOffset the offset of the request, as the server repeats it. A listener that has agreed on extended
     *     headers compares it with what it sent; one that has not never hears of it
     */
    default void extendedChunk(long cookie, long requestOffset) {}

    /**
     * The start of an {@code OFFSET_DATA} chunk, whose payload follows.
     *
     * @param offset in bytes from the start of the export
     * @param length of the payload, at least 1
     */
    void data(long cookie, long offset, long length);

    /**
     * The next bytes of the payload of a simple reply or of a data chunk.
     *
     * @param in borrowed. The listener may use {@code length} bytes from its reader index on, during this call; the
     *     decoder skips them afterwards
     * @param length at least 1
     */
    void payload(ByteBuf in, int length);

    /** The payload of a simple reply or of a data chunk is complete. */
    void payloadEnd();

    /** An {@code OFFSET_HOLE} chunk: {@code length} zero bytes, at least 1, at {@code offset}. */
    void hole(long cookie, long offset, long length);

    /** The start of a {@code BLOCK_STATUS} or {@code BLOCK_STATUS_EXT} chunk; at least one extent follows. */
    void blockStatus(long cookie, int contextId);

    /**
     * The next extent of a block status chunk.
     *
     * @param length in bytes, at least 1. What an extended chunk gives as 2^63 or more is {@link Long#MAX_VALUE} here,
     *     which reaches beyond any export as well
     * @param statusFlags from 0 to 2^32-1; all 64 bits of an extended chunk
     */
    void extent(long length, long statusFlags);

    /**
     * An error chunk.
     *
     * @param error the error value; a server that gives 0 here is wrong, and its request has failed all the same
     * @param errorOffset where in the export the error happened, -1 if the chunk does not say
     * @param message what the server says about it, maybe empty; not yet fit for a log
     */
    void error(long cookie, int error, long errorOffset, String message);

    /** The reply to {@code cookie} is complete. Comes behind whatever the last chunk carried; not for simple replies. */
    void done(long cookie);
}
