package io.nbd4j.codec.transmission;

import io.nbd4j.codec.CommandType;
import io.netty.buffer.ByteBuf;

/**
 * Hears what a {@link RequestDecoder} finds, as numbers, so that a request costs no garbage.
 *
 * <p>What a method throws leaves {@link RequestDecoder#decode}, which discards everything that follows.
 */
public interface RequestListener {
    /**
     * A request. If it has a payload, that follows, whatever its length and whether or not the server wants it: a server
     * that does not has to let it pass, or hang up. {@link RequestDecoder#payloadLeft} tells how long it is.
     *
     * <p>A write has a payload of {@code length} bytes, and so has any extended request with the flag PAYLOAD_LEN.
     *
     * @param flags the 16 bits of the command flags
     * @param type {@link CommandType#UNKNOWN} if the specification does not name {@code rawType}
     * @param rawType the 16 bits of the command
     * @param cookie to be echoed in each reply
     * @param offset in bytes from the start of the export; unsigned, so it may be negative here
     * @param length in bytes. From 0 to 2^32-1 in a compact request and where it counts payload; else unsigned 64 bits,
     *     so it may be negative here
     */
    void request(int flags, CommandType type, int rawType, long cookie, long offset, long length);

    /**
     * The next bytes of a request's payload.
     *
     * @param in borrowed. The listener may use {@code length} bytes from its reader index on, during this call; the
     *     decoder skips them afterwards
     * @param length at least 1
     * @param last whether the payload ends with these bytes
     */
    void payload(ByteBuf in, int length, boolean last);
}
