package io.nbd4j.codec.transmission;

import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.Magic;
import io.netty.buffer.ByteBuf;

/** Writes the headers of compact requests. A write's payload travels behind the header, in a buffer of its own. */
public final class RequestEncoder {
    /** The size of the header of a compact request, in bytes. */
    public static final int HEADER_LENGTH = 28;

    private RequestEncoder() {}

    /**
     * Writes the header of a compact request.
     *
     * @param out stays the caller's
     * @param flags the 16 bits of the command flags
     * @param type any but {@link CommandType#UNKNOWN}
     * @param cookie echoed by the server in each reply to this request
     * @param offset in bytes from the start of the export
     * @param length in bytes, taken as unsigned
     */
    public static void encode(ByteBuf out, int flags, CommandType type, long cookie, long offset, int length) {
        out.ensureWritable(HEADER_LENGTH);
        out.writeInt(Magic.REQUEST);
        out.writeInt(flags << 16 | type.wire());
        out.writeLong(cookie);
        out.writeLong(offset);
        out.writeInt(length);
    }
}
