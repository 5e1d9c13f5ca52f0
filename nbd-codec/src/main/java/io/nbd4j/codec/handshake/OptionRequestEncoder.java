package io.nbd4j.codec.handshake;

import io.nbd4j.codec.Magic;
import io.netty.buffer.ByteBuf;
import java.util.List;

/**
 * Writes what a client sends during the handshake.
 *
 * <p>All methods borrow {@code out}. They throw {@link IllegalArgumentException}, with nothing written, for a string that
 * has a NUL, is no valid Unicode text, or is longer than 4096 bytes in UTF-8.
 */
public final class OptionRequestEncoder {
    private static final int MAX_INFO_TYPES = 0xffff;

    private OptionRequestEncoder() {}

    /**
     * Checks an export name before it is needed.
     *
     * @throws IllegalArgumentException if no option could carry it
     */
    public static void requireValidExportName(String name) {
        exportName(name);
    }

    /**
     * Checks a meta context query before it is needed.
     *
     * @throws IllegalArgumentException if no option could carry it
     */
    public static void requireValidQuery(String query) {
        contextQuery(query);
    }

    /** Writes the answer to a newstyle greeting. */
    public static void encode(ClientFlags flags, ByteBuf out) {
        out.writeInt(flags.bits());
    }

    /** Writes an option. An {@link OptionRequest.UnknownOption} has no data. */
    public static void encode(OptionRequest request, ByteBuf out) {
        switch (request.type()) {
            case EXPORT_NAME -> {
                byte[] name = exportName(((OptionRequest.ExportName) request).exportName());
                header(request, name.length, out).writeBytes(name);
            }
            case INFO, GO -> exportQuery((OptionRequest.ExportQuery) request, out);
            case LIST_META_CONTEXT, SET_META_CONTEXT -> metaContextQuery((OptionRequest.MetaContextQuery) request, out);
            case ABORT, LIST, PEEK_EXPORT, STARTTLS, STRUCTURED_REPLY, EXTENDED_HEADERS, UNKNOWN ->
                header(request, 0, out);
        }
    }

    private static void exportQuery(OptionRequest.ExportQuery query, ByteBuf out) {
        byte[] name = exportName(query.exportName());
        List<Integer> infoTypes = query.infoTypes();
        if (infoTypes.size() > MAX_INFO_TYPES) {
            throw new IllegalArgumentException(infoTypes.size() + " information types are more than 16 bits can count");
        }
        header(query, Integer.BYTES + name.length + Short.BYTES + Short.BYTES * infoTypes.size(), out);
        out.writeInt(name.length).writeBytes(name).writeShort(infoTypes.size());
        infoTypes.forEach(out::writeShort);
    }

    private static void metaContextQuery(OptionRequest.MetaContextQuery query, ByteBuf out) {
        byte[] name = exportName(query.exportName());
        List<byte[]> queries =
                query.queries().stream().map(OptionRequestEncoder::contextQuery).toList();
        long length = 2L * Integer.BYTES + name.length;
        for (byte[] text : queries) {
            length += Integer.BYTES + text.length;
        }
        if (length > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(queries.size() + " meta context queries do not fit into one option");
        }
        header(query, (int) length, out);
        out.writeInt(name.length).writeBytes(name).writeInt(queries.size());
        for (byte[] text : queries) {
            out.writeInt(text.length).writeBytes(text);
        }
    }

    private static byte[] exportName(String name) {
        return WireText.encode("the export name", name);
    }

    private static byte[] contextQuery(String query) {
        return WireText.encode("a meta context query", query);
    }

    private static ByteBuf header(OptionRequest request, int length, ByteBuf out) {
        return out.writeLong(Magic.IHAVEOPT).writeInt(request.option()).writeInt(length);
    }
}
