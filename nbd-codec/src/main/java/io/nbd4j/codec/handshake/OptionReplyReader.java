package io.nbd4j.codec.handshake;

import io.nbd4j.codec.ProtocolLimits;
import io.nbd4j.codec.ProtocolViolationException;
import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.codec.TransmissionFlags;
import io.netty.buffer.ByteBuf;

/** Reads the data of an option reply, whose bounds are checked before any of it is gathered. */
final class OptionReplyReader {
    private static final int INFO_TYPE = 2;
    private static final int EXPORT_LENGTH = INFO_TYPE + 8 + 2;
    private static final int BLOCK_SIZE_LENGTH = INFO_TYPE + 4 + 4 + 4;

    private OptionReplyReader() {}

    /**
     * Checks a reply as soon as its header is known.
     *
     * @param length unsigned, as on the wire
     */
    static void checkLength(int rawType, long length) {
        OptionReplyType type = OptionReplyType.fromWire(rawType);
        if (type.isError()) {
            atMost(type, length, ProtocolLimits.MAX_STRING);
            return;
        }
        switch (type) {
            case ACK -> exactly(type, length, 0);
            case SERVER -> {
                atLeast(type, length, Integer.BYTES);
                atMost(type, length, ProtocolLimits.MAX_OPTION_REPLY_DATA);
            }
            case INFO -> {
                atLeast(type, length, INFO_TYPE);
                atMost(type, length, ProtocolLimits.MAX_SKIPPED_OPTION_DATA);
            }
            case META_CONTEXT -> {
                // A context name has at least its namespace.
                atLeast(type, length, Integer.BYTES + 1);
                atMost(type, length, Integer.BYTES + ProtocolLimits.MAX_STRING);
            }
            default ->
                throw new ProtocolViolationException("unknown option reply type " + Hex.of(rawType)
                        + ", nobody can say whether more replies follow");
        }
    }

    /** Checks an INFO reply once its first two bytes are known. */
    static void checkInfoLength(int rawInfoType, long length) {
        InfoType type = InfoType.fromWire(rawInfoType);
        switch (type) {
            case EXPORT -> exactly(type, length, EXPORT_LENGTH);
            case BLOCK_SIZE -> exactly(type, length, BLOCK_SIZE_LENGTH);
            case NAME, DESCRIPTION -> atMost(type, length, INFO_TYPE + ProtocolLimits.MAX_STRING);
            case UNKNOWN -> atMost(type, length, ProtocolLimits.MAX_SKIPPED_OPTION_DATA);
        }
    }

    /** Reads all of {@code data}: checked in length, and no INFO of an unknown type. */
    static OptionReply read(int option, int rawType, ByteBuf data) {
        OptionReplyType type = OptionReplyType.fromWire(rawType);
        if (type.isError()) {
            return new OptionReply.Refusal(option, rawType, WireText.read(data, data.readableBytes()));
        }
        return switch (type) {
            case ACK -> new OptionReply.Ack(option);
            case SERVER -> readServer(option, data);
            case INFO -> new OptionReply.Info(option, readInfo(data));
            case META_CONTEXT ->
                new OptionReply.MetaContextReply(option, data.readInt(), WireText.read(data, data.readableBytes()));
            default -> throw new ProtocolViolationException("unknown option reply type " + Hex.of(rawType));
        };
    }

    private static OptionReply readServer(int option, ByteBuf data) {
        long nameLength = data.readUnsignedInt();
        if (nameLength > data.readableBytes()) {
            throw new ProtocolViolationException("the name in a SERVER reply has " + nameLength + " bytes, but only "
                    + data.readableBytes() + " follow");
        }
        atMost("the name in a SERVER reply", nameLength, ProtocolLimits.MAX_STRING);
        String name = WireText.read(data, (int) nameLength);
        atMost("the description in a SERVER reply", data.readableBytes(), ProtocolLimits.MAX_STRING);
        return new OptionReply.Server(option, name, WireText.read(data, data.readableBytes()));
    }

    private static InfoItem readInfo(ByteBuf data) {
        int rawType = data.readUnsignedShort();
        return switch (InfoType.fromWire(rawType)) {
            case EXPORT ->
                new InfoItem.ExportItem(
                        ExportSize.fromWire(data.readLong()), new TransmissionFlags(data.readUnsignedShort()));
            case NAME -> new InfoItem.NameItem(WireText.read(data, data.readableBytes()));
            case DESCRIPTION -> new InfoItem.DescriptionItem(WireText.read(data, data.readableBytes()));
            case BLOCK_SIZE ->
                new InfoItem.BlockSizeItem(
                        new SizeConstraints(data.readUnsignedInt(), data.readUnsignedInt(), data.readUnsignedInt()));
            case UNKNOWN -> new InfoItem.UnknownInfoItem(rawType);
        };
    }

    private static void exactly(Enum<?> what, long length, int expected) {
        if (length != expected) {
            throw new ProtocolViolationException("the data of " + what + " has " + length + " bytes, not " + expected);
        }
    }

    private static void atLeast(Enum<?> what, long length, int least) {
        if (length < least) {
            throw new ProtocolViolationException(
                    "the data of " + what + " has " + length + " bytes, less than " + least);
        }
    }

    private static void atMost(Enum<?> what, long length, int most) {
        atMost("the data of " + what, length, most);
    }

    private static void atMost(String what, long length, int most) {
        if (length > most) {
            throw new ProtocolViolationException(what + " has " + length + " bytes, the most accepted is " + most);
        }
    }
}
