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

    /** The start of a {@code BLOCK_STATUS} chunk; at least one extent follows. */
    void blockStatus(long cookie, int contextId);

    /** The next extent of a block status chunk. {@code length} is at least 1; both are unsigned 32-bit numbers. */
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
