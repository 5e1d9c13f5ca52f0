package io.nbd4j.codec.transmission;

import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.Magic;
import io.netty.buffer.ByteBuf;

/**
 * Writes the headers of requests, compact and extended. A write's payload travels behind the header, in a buffer of its
 * own.
 */
public final class RequestEncoder {
    /** The size of the header of a compact request, in bytes. */
    public static final int HEADER_LENGTH = 28;

    /** The size of an extended header, in bytes. */
    public static final int EXTENDED_HEADER_LENGTH = 32;

    /** The size of the payload of a block status request without its context ids, in bytes. */
    public static final int STATUS_FILTER_LENGTH = 8;

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

    /**
     * Writes an extended header.
     *
     * @param out stays the caller's
     * @param flags the 16 bits of the command flags; whether {@code length} counts payload is one of them, and a write
     *     has to set it
     * @param type any but {@link CommandType#UNKNOWN}
     * @param cookie echoed by the server in each reply to this request
     * @param offset in bytes from the start of the export; echoed, too
     * @param length in bytes, taken as unsigned
     */
    public static void encodeExtended(ByteBuf out, int flags, CommandType type, long cookie, long offset, long length) {
        out.ensureWritable(EXTENDED_HEADER_LENGTH);
        out.writeInt(Magic.EXTENDED_REQUEST);
        out.writeInt(flags << 16 | type.wire());
        out.writeLong(cookie);
        out.writeLong(offset);
        out.writeLong(length);
    }

    /**
     * Writes the payload of a block status request that names the contexts it wants to hear about. The length in its
     * header is {@link #STATUS_FILTER_LENGTH} and four bytes for each context.
     *
     * @param out stays the caller's
     * @param length of the range, in bytes, taken as unsigned
     * @param contextIds each once, as agreed in the handshake
     */
    public static void statusFilter(ByteBuf out, long length, int... contextIds) {
        out.ensureWritable(STATUS_FILTER_LENGTH + Integer.BYTES * contextIds.length);
        out.writeLong(length);
        for (int id : contextIds) {
            out.writeInt(id);
        }
    }
}
