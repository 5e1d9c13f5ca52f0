package io.nbd4j.codec.handshake;

import io.nbd4j.codec.Magic;
import io.nbd4j.codec.ProtocolLimits;
import io.nbd4j.codec.ProtocolViolationException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The server's side of the handshake behind a newstyle greeting: emits one {@link ClientFlags}, then
 * {@link OptionRequest}s, and a {@link MalformedOption} for each whose data is of no use.
 *
 * <p>Each message is handed on before the next one is looked at. The handler that follows ends the handshake while it
 * handles a message: it calls {@link #stop} and then removes this decoder, which hands the unread bytes to the handler
 * after it.
 *
 * <p>After a {@link ProtocolViolationException} everything that follows is discarded.
 */
public final class OptionRequestDecoder extends ByteToMessageDecoder {
    private static final int CLIENT_FLAGS = 4;
    private static final int OPTION_HEADER = 8 + 4 + 4;

    private Mode mode = Mode.CLIENT_FLAGS;
    private int skippedOption;
    private long skippedLength;
    private long skip;

    private enum Mode {
        CLIENT_FLAGS,
        OPTION,
        SKIPPING,
        STOPPED,
        BROKEN
    }

    /** Creates a decoder for one connection. It waits for the client flags. */
    public OptionRequestDecoder() {
        // Nothing to prepare.
    }

    /** Leaves all further bytes to the handler that follows once this one is removed. */
    public void stop() {
        mode = Mode.STOPPED;
    }

    /**
     * Takes the bytes that have come and that no message has used: behind STARTTLS they belong to TLS. The caller releases
     * the buffer. For the handler that follows, while it handles a message.
     */
    public ByteBuf takeUnread() {
        ByteBuf unread = internalBuffer();
        return unread.readRetainedSlice(unread.readableBytes());
    }

    /** Returns how many bytes have come that no message has used. */
    public int unreadBytes() {
        return actualReadableBytes();
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        Object message = next(in);
        if (message != null) {
            out.add(message);
        }
    }

    private @Nullable Object next(ByteBuf in) {
        return switch (mode) {
            case CLIENT_FLAGS -> clientFlags(in);
            case OPTION -> option(in);
            case SKIPPING -> skip(in);
            case STOPPED -> null;
            case BROKEN -> {
                in.skipBytes(in.readableBytes());
                yield null;
            }
        };
    }

    private @Nullable ClientFlags clientFlags(ByteBuf in) {
        if (in.readableBytes() < CLIENT_FLAGS) {
            return null;
        }
        mode = Mode.OPTION;
        return new ClientFlags(in.readInt());
    }

    private @Nullable Object option(ByteBuf in) {
        if (in.readableBytes() < OPTION_HEADER) {
            return null;
        }
        int start = in.readerIndex();
        long magic = in.getLong(start);
        if (magic != Magic.IHAVEOPT) {
            mode = Mode.BROKEN;
            in.skipBytes(in.readableBytes());
            throw new ProtocolViolationException("an option request starts with " + Hex.of(magic));
        }
        int option = in.getInt(start + 8);
        long length = in.getUnsignedInt(start + 12);
        boolean gathered = OptionRequestReader.hasData(OptionType.fromWire(option))
                && length <= ProtocolLimits.MAX_OPTION_REQUEST_DATA;
        if (gathered) {
            if (in.readableBytes() < OPTION_HEADER + length) {
                return null;
            }
            in.skipBytes(OPTION_HEADER);
            return OptionRequestReader.read(option, in.readSlice((int) length));
        }
        in.skipBytes(OPTION_HEADER);
        skippedOption = option;
        skippedLength = length;
        skip = length;
        return skip(in);
    }

    /** Consumes what has come of the data, and emits the option behind the last byte: the answer must not overtake it. */
    private @Nullable Object skip(ByteBuf in) {
        int now = (int) Math.min(skip, in.readableBytes());
        in.skipBytes(now);
        skip -= now;
        if (skip > 0) {
            mode = Mode.SKIPPING;
            return null;
        }
        mode = Mode.OPTION;
        return OptionRequestReader.withoutData(skippedOption, skippedLength);
    }
}
