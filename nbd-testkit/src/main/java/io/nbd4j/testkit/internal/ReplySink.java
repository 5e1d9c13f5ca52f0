package io.nbd4j.testkit.internal;

import io.nbd4j.codec.CommandType;
import io.netty.buffer.ByteBuf;

/**
 * Takes everything that leaves in the transmission phase. One object serves one connection, on its event loop.
 *
 * <p>For each request that has a reply, {@link #begin} comes first. Then each message of the reply, a simple reply or a
 * chunk, comes in one part or several: {@link #room} gives the buffer, the caller appends to it, {@link #appended} ends
 * the part and says whether the message and the reply end with it. Replies follow each other and never mix. So a sink can
 * see every message with its payload, keep it, change it, or drop it; and one that does not care only collects bytes.
 *
 * <p>What has been appended without a call of {@code appended} is no part yet: the caller may take it back, by setting
 * the buffer's writer index to where it was.
 */
interface ReplySink {
    /**
     * The messages from now on answer this request.
     *
     * @param flags the 16 bits of the command flags
     * @param length as it is in the request
     */
    void begin(int flags, CommandType type, long cookie, long offset, long length);

    /** Returns the buffer to which the next part is appended, with room for {@code length} bytes. It stays the sink's. */
    ByteBuf room(int length);

    /**
     * A part is complete.
     *
     * @param messageEnds whether its message is, too
     * @param replyEnds whether the reply is, too
     */
    void appended(boolean messageEnds, boolean replyEnds);

    /** Passes everything on to the channel that may go, without flushing it. */
    void write();

    /** Lets go of everything that was not passed on. The connection is over. */
    void release();
}
