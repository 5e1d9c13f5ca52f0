package io.nbd4j.codec.handshake;

import io.nbd4j.codec.Magic;
import io.nbd4j.codec.ProtocolLimits;
import io.nbd4j.codec.ProtocolViolationException;
import io.nbd4j.codec.TransmissionFlags;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The client's side of the handshake: emits one {@link Greeting}, then {@link OptionReply}s, or an
 * {@link ExportNameReply} where one is expected.
 *
 * <p>Each message is handed on before the next one is looked at. So the handler that follows decides, while it handles
 * a message, what the next bytes are: it calls {@link #expectExportNameReply}, or {@link #stop} and then removes this
 * decoder, which hands the unread bytes to the handler after it. Nothing beyond the last message is consumed.
 *
 * <p>After a {@link ProtocolViolationException} everything that follows is discarded.
 */
public final class HandshakeDecoder extends ByteToMessageDecoder {
    private static final int REPLY_HEADER = 8 + 4 + 4 + 4;
    private static final int INFO_TYPE = 2;
    private static final int EXPORT_NAME_REPLY = 8 + 2;

    private Mode mode = Mode.GREETING;
    private boolean zeroes;
    private int skip;

    private enum Mode {
        GREETING,
        OPTION_REPLY,
        SKIPPING,
        EXPORT_NAME_REPLY,
        STOPPED,
        BROKEN
    }

    /** Creates a decoder for one connection. It waits for the greeting. */
    public HandshakeDecoder() {
        // Nothing to prepare.
    }

    /**
     * Makes the next message an {@link ExportNameReply}, the last of the handshake: the decoder stops behind it.
     *
     * @param zeroes whether the 124 bytes of padding follow it: unless both sides said NO_ZEROES
     */
    public void expectExportNameReply(boolean zeroes) {
        this.zeroes = zeroes;
        mode = Mode.EXPORT_NAME_REPLY;
    }

    /** Leaves all further bytes to the handler that follows once this one is removed. */
    public void stop() {
        mode = Mode.STOPPED;
    }

    /** Returns how many bytes have come that no message has used. */
    public int unreadBytes() {
        return actualReadableBytes();
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        try {
            Object message = next(in);
            if (message != null) {
                out.add(message);
            }
        } catch (ProtocolViolationException e) {
            mode = Mode.BROKEN;
            in.skipBytes(in.readableBytes());
            throw e;
        }
    }

    private @Nullable Object next(ByteBuf in) {
        return switch (mode) {
            case GREETING -> greeting(in);
            case OPTION_REPLY -> optionReply(in);
            case SKIPPING -> skip(in);
            case EXPORT_NAME_REPLY -> exportNameReply(in);
            case STOPPED -> null;
            case BROKEN -> {
                in.skipBytes(in.readableBytes());
                yield null;
            }
        };
    }

    private @Nullable Greeting greeting(ByteBuf in) {
        Greeting greeting = GreetingReader.read(in);
        if (greeting != null) {
            mode = greeting.kind() == Greeting.Kind.OLDSTYLE ? Mode.STOPPED : Mode.OPTION_REPLY;
        }
        return greeting;
    }

    private @Nullable OptionReply optionReply(ByteBuf in) {
        if (in.readableBytes() < REPLY_HEADER) {
            return null;
        }
        int start = in.readerIndex();
        long magic = in.getLong(start);
        if (magic != Magic.OPTION_REPLY) {
            throw new ProtocolViolationException("an option reply starts with " + Hex.of(magic));
        }
        int option = in.getInt(start + 8);
        int rawType = in.getInt(start + 12);
        long length = in.getUnsignedInt(start + 16);
        OptionReplyReader.checkLength(rawType, length);
        if (rawType == OptionReplyType.INFO.wire()) {
            if (in.readableBytes() < REPLY_HEADER + INFO_TYPE) {
                return null;
            }
            int rawInfoType = in.getUnsignedShort(start + REPLY_HEADER);
            OptionReplyReader.checkInfoLength(rawInfoType, length);
            if (InfoType.fromWire(rawInfoType) == InfoType.UNKNOWN) {
                return startSkipping(in, option, rawInfoType, (int) length);
            }
        }
        if (in.readableBytes() < REPLY_HEADER + length) {
            return null;
        }
        in.skipBytes(REPLY_HEADER);
        return OptionReplyReader.read(option, rawType, in.readSlice((int) length));
    }

    private OptionReply startSkipping(ByteBuf in, int option, int rawInfoType, int length) {
        in.skipBytes(REPLY_HEADER + INFO_TYPE);
        skip = length - INFO_TYPE;
        if (skip > 0) {
            mode = Mode.SKIPPING;
        }
        return new OptionReply.Info(option, new InfoItem.UnknownInfoItem(rawInfoType));
    }

    private @Nullable Object skip(ByteBuf in) {
        int now = Math.min(skip, in.readableBytes());
        in.skipBytes(now);
        skip -= now;
        if (skip == 0) {
            mode = Mode.OPTION_REPLY;
        }
        return null;
    }

    private @Nullable ExportNameReply exportNameReply(ByteBuf in) {
        int padding = zeroes ? ProtocolLimits.ZERO_PADDING : 0;
        if (in.readableBytes() < EXPORT_NAME_REPLY + padding) {
            return null;
        }
        long size = ExportSize.fromWire(in.readLong());
        TransmissionFlags flags = new TransmissionFlags(in.readUnsignedShort());
        in.skipBytes(padding);
        mode = Mode.STOPPED;
        return new ExportNameReply(size, flags);
    }
}
