package io.nbd4j.codec.handshake;

import io.nbd4j.codec.ProtocolLimits;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;

/** Reads the data of an option request. What is wrong with it is a value: the server answers it and goes on. */
final class OptionRequestReader {
    private OptionRequestReader() {}

    /** Returns whether the data of an option has a meaning; other data is skipped. */
    static boolean hasData(OptionType type) {
        return switch (type) {
            case EXPORT_NAME, INFO, GO, LIST_META_CONTEXT, SET_META_CONTEXT -> true;
            case ABORT, LIST, PEEK_EXPORT, STARTTLS, STRUCTURED_REPLY, EXTENDED_HEADERS, UNKNOWN -> false;
        };
    }

    /**
     * Returns the message for an option whose data is not looked at.
     *
     * @param length of the data, unsigned
     */
    static Object withoutData(int option, long length) {
        OptionType type = OptionType.fromWire(option);
        return switch (type) {
            // The specification asks a server to ignore data here.
            case ABORT -> new OptionRequest.Abort();
            case PEEK_EXPORT, UNKNOWN -> new OptionRequest.UnknownOption(option);
            case LIST, STARTTLS, STRUCTURED_REPLY, EXTENDED_HEADERS ->
                length == 0 ? bare(type) : invalid(option, type + " carries " + length + " bytes of data");
            case EXPORT_NAME, INFO, GO, LIST_META_CONTEXT, SET_META_CONTEXT ->
                new MalformedOption(
                        option,
                        OptionReplyType.ERR_TOO_BIG,
                        type + " carries " + length + " bytes of data, the most accepted is "
                                + ProtocolLimits.MAX_OPTION_REQUEST_DATA);
        };
    }

    private static OptionRequest bare(OptionType type) {
        return switch (type) {
            case LIST -> new OptionRequest.ListExports();
            case STARTTLS -> new OptionRequest.StartTls();
            case STRUCTURED_REPLY -> new OptionRequest.StructuredReply();
            case EXTENDED_HEADERS -> new OptionRequest.ExtendedHeaders();
            default -> throw new IllegalArgumentException(type + " carries data");
        };
    }

    /** Reads an option for which {@link #hasData} holds. Borrows {@code data}. */
    static Object read(int option, ByteBuf data) {
        OptionType type = OptionType.fromWire(option);
        try {
            return switch (type) {
                case EXPORT_NAME -> new OptionRequest.ExportName(name(data, data.readableBytes(), "export name"));
                case INFO -> new OptionRequest.Info(exportName(data), infoTypes(data));
                case GO -> new OptionRequest.Go(exportName(data), infoTypes(data));
                case LIST_META_CONTEXT -> new OptionRequest.ListMetaContext(exportName(data), queries(data));
                case SET_META_CONTEXT -> new OptionRequest.SetMetaContext(exportName(data), queries(data));
                default -> throw new IllegalArgumentException(type + " carries no data");
            };
        } catch (Malformed e) {
            return invalid(option, type + ": " + e.reason);
        }
    }

    private static MalformedOption invalid(int option, String reason) {
        return new MalformedOption(option, OptionReplyType.ERR_INVALID, reason);
    }

    private static String exportName(ByteBuf data) throws Malformed {
        return name(data, readLength(data), "export name");
    }

    private static List<Integer> infoTypes(ByteBuf data) throws Malformed {
        require(data.readableBytes() >= Short.BYTES, "the number of information requests is missing");
        int count = data.readUnsignedShort();
        require(data.readableBytes() == count * Short.BYTES, "the number of information requests does not fit");
        List<Integer> types = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            types.add(data.readUnsignedShort());
        }
        return types;
    }

    private static List<String> queries(ByteBuf data) throws Malformed {
        long count = readLength(data);
        List<String> queries = new ArrayList<>();
        for (long i = 0; i < count; i++) {
            queries.add(name(data, readLength(data), "query"));
        }
        require(!data.isReadable(), "bytes follow the last query");
        return queries;
    }

    private static long readLength(ByteBuf data) throws Malformed {
        require(data.readableBytes() >= Integer.BYTES, "a length is missing");
        return data.readUnsignedInt();
    }

    private static String name(ByteBuf data, long length, String what) throws Malformed {
        require(length <= ProtocolLimits.MAX_STRING, "the " + what + " is too long");
        require(length <= data.readableBytes(), "the " + what + " is cut off");
        String text = WireText.read(data, (int) length);
        require(text.indexOf('\0') < 0, "the " + what + " contains a NUL character");
        return text;
    }

    private static void require(boolean condition, String reason) throws Malformed {
        if (!condition) {
            throw new Malformed(reason);
        }
    }

    /** Leaves the nested reading of one option; never leaves this class. */
    private static final class Malformed extends Exception {
        private static final long serialVersionUID = 1L;
        private final String reason;

        Malformed(String reason) {
            super(reason, null, false, false);
            this.reason = reason;
        }
    }
}
