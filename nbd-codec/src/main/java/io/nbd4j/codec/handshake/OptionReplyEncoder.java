package io.nbd4j.codec.handshake;

import io.nbd4j.codec.Magic;
import io.nbd4j.codec.ProtocolLimits;
import io.nbd4j.codec.SizeConstraints;
import io.netty.buffer.ByteBuf;

/**
 * Writes a server's answers to options.
 *
 * <p>All methods borrow {@code out}. They throw {@link IllegalArgumentException}, with nothing written, for a string that
 * has a NUL, is no valid Unicode text, or is longer than 4096 bytes in UTF-8.
 */
public final class OptionReplyEncoder {
    private OptionReplyEncoder() {}

    /** Writes a reply. An {@link InfoItem.UnknownInfoItem} has no data beyond its type. */
    public static void encode(OptionReply reply, ByteBuf out) {
        int option = reply.option();
        switch (reply.kind()) {
            case ACK -> header(option, OptionReplyType.ACK.wire(), 0, out);
            case SERVER -> {
                OptionReply.Server server = (OptionReply.Server) reply;
                byte[] name = WireText.encode("the export name", server.exportName());
                byte[] description = WireText.encode("the description", server.description());
                header(option, OptionReplyType.SERVER.wire(), Integer.BYTES + name.length + description.length, out);
                out.writeInt(name.length).writeBytes(name).writeBytes(description);
            }
            case INFO -> info(option, ((OptionReply.Info) reply).item(), out);
            case META_CONTEXT -> {
                OptionReply.MetaContextReply context = (OptionReply.MetaContextReply) reply;
                byte[] name = WireText.encode("the meta context", context.contextName());
                header(option, OptionReplyType.META_CONTEXT.wire(), Integer.BYTES + name.length, out);
                out.writeInt(context.id()).writeBytes(name);
            }
            case REFUSAL -> {
                OptionReply.Refusal refusal = (OptionReply.Refusal) reply;
                byte[] message = WireText.encode("the error message", refusal.message());
                header(option, refusal.rawType(), message.length, out).writeBytes(message);
            }
        }
    }

    /**
     * Writes the answer to {@code NBD_OPT_EXPORT_NAME}.
     *
     * @param zeroes whether to pad it with 124 zeroes: unless both sides said NO_ZEROES
     */
    public static void encode(ExportNameReply reply, boolean zeroes, ByteBuf out) {
        out.writeLong(reply.exportSize()).writeShort(reply.transmissionFlags().bits());
        if (zeroes) {
            out.writeZero(ProtocolLimits.ZERO_PADDING);
        }
    }

    private static void info(int option, InfoItem item, ByteBuf out) {
        switch (item.type()) {
            case EXPORT -> {
                InfoItem.ExportItem export = (InfoItem.ExportItem) item;
                info(option, item, Long.BYTES + Short.BYTES, out)
                        .writeLong(export.exportSize())
                        .writeShort(export.transmissionFlags().bits());
            }
            case NAME -> {
                byte[] name = WireText.encode("the canonical name", ((InfoItem.NameItem) item).canonicalName());
                info(option, item, name.length, out).writeBytes(name);
            }
            case DESCRIPTION -> {
                byte[] text = WireText.encode("the description", ((InfoItem.DescriptionItem) item).description());
                info(option, item, text.length, out).writeBytes(text);
            }
            case BLOCK_SIZE -> {
                SizeConstraints sizes = ((InfoItem.BlockSizeItem) item).sizeConstraints();
                info(option, item, 3 * Integer.BYTES, out)
                        .writeInt((int) sizes.minimumBlock())
                        .writeInt((int) sizes.preferredBlock())
                        .writeInt((int) sizes.maximumPayload());
            }
            case UNKNOWN -> info(option, item, 0, out);
        }
    }

    private static ByteBuf info(int option, InfoItem item, int length, ByteBuf out) {
        return header(option, OptionReplyType.INFO.wire(), Short.BYTES + length, out)
                .writeShort(item.rawType());
    }

    private static ByteBuf header(int option, int rawType, int length, ByteBuf out) {
        return out.writeLong(Magic.OPTION_REPLY)
                .writeInt(option)
                .writeInt(rawType)
                .writeInt(length);
    }
}
