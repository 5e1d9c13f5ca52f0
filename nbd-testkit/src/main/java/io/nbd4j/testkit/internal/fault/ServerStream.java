package io.nbd4j.testkit.internal.fault;

import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.Magic;
import io.nbd4j.codec.handshake.OptionType;
import io.nbd4j.testkit.transcript.ClientMessage;
import io.nbd4j.testkit.transcript.ServerMessage;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Finds the messages in what the server means to send, however its writes are cut. */
final class ServerStream {
    private static final int GREETING_MAGICS = 16;
    private static final int NEWSTYLE_GREETING = 18;
    private static final int OLDSTYLE_GREETING = 152;
    private static final int OPTION_REPLY = 20;
    private static final int SIMPLE_REPLY = 16;
    private static final int CHUNK = 20;
    private static final int EXTENDED_CHUNK = 32;

    private final Conversation conversation;
    private final Listener listener;
    private final byte[] header = new byte[OLDSTYLE_GREETING];
    private int gathered;
    private long payloadLeft;

    ServerStream(Conversation conversation, Listener listener) {
        this.conversation = conversation;
        this.listener = listener;
    }

    /** Hears what is found. */
    interface Listener {
        /**
         * A message begins.
         *
         * @param header all of it, the listener's own
         * @param payloadLength how many bytes follow
         */
        void begin(ServerMessage message, byte[] header, long payloadLength);

        /**
         * The next bytes of the message.
         *
         * @param payload borrowed; the listener uses {@code length} bytes from the reader index on, and moves nothing
         */
        void payload(ByteBuf payload, int length);

        /** The message is complete. */
        void end();
    }

    /** Takes all readable bytes, which stay the caller's to release. */
    void feed(ByteBuf in) {
        while (in.isReadable()) {
            if (payloadLeft > 0) {
                int length = (int) Math.min(payloadLeft, in.readableBytes());
                listener.payload(in, length);
                in.skipBytes(length);
                payloadLeft -= length;
                endIfComplete();
            } else {
                header(in);
            }
        }
    }

    private void header(ByteBuf in) {
        int missing = headerLength() - gathered;
        int length = Math.min(missing, in.readableBytes());
        in.readBytes(header, gathered, length);
        gathered += length;
        if (gathered == headerLength()) { // Which may have become longer by what has just come.
            ServerMessage message = read(ByteBuffer.wrap(header));
            byte[] own = Arrays.copyOf(header, gathered);
            payloadLeft = message.bytes() - gathered;
            gathered = 0;
            listener.begin(message, own, payloadLeft);
            endIfComplete();
        }
    }

    private void endIfComplete() {
        if (payloadLeft == 0) {
            listener.end();
        }
    }

    /** Returns how long the header is, or how much of it is needed to tell. */
    private int headerLength() {
        if (!conversation.isGreeted()) {
            if (gathered < GREETING_MAGICS) {
                return GREETING_MAGICS;
            }
            return isOldstyle() ? OLDSTYLE_GREETING : NEWSTYLE_GREETING;
        }
        if (!conversation.isTransmission()) {
            return answersExportName() ? conversation.exportNameAnswerLength() : OPTION_REPLY;
        }
        if (gathered < Integer.BYTES) {
            return Integer.BYTES;
        }
        return switch (ByteBuffer.wrap(header).getInt()) {
            case Magic.STRUCTURED_REPLY -> CHUNK;
            case Magic.EXTENDED_REPLY -> EXTENDED_CHUNK;
            default -> SIMPLE_REPLY;
        };
    }

    private boolean isOldstyle() {
        return ByteBuffer.wrap(header).getLong(Long.BYTES) == Magic.OLDSTYLE;
    }

    private boolean answersExportName() {
        Exchange next = conversation.nextOption();
        return next != null
                && next.message() instanceof ClientMessage.Option option
                && option.type() == OptionType.EXPORT_NAME;
    }

    private ServerMessage read(ByteBuffer in) {
        if (!conversation.isGreeted()) {
            boolean oldstyle = isOldstyle();
            return new ServerMessage.Greeting(oldstyle, Short.toUnsignedInt(in.getShort(oldstyle ? 26 : 16)));
        }
        if (!conversation.isTransmission()) {
            return answersExportName()
                    ? new ServerMessage.ExportNameAnswer(gathered)
                    : new ServerMessage.OptionReply(in.getInt(8), in.getInt(12), Integer.toUnsignedLong(in.getInt(16)));
        }
        long cookie = in.getLong(8);
        if (gathered == SIMPLE_REPLY) {
            int error = in.getInt(4);
            return new ServerMessage.SimpleReply(error, cookie, error == 0 ? readLength(cookie) : 0);
        }
        boolean extended = gathered == EXTENDED_CHUNK;
        long length = extended ? in.getLong(24) : Integer.toUnsignedLong(in.getInt(16));
        return new ServerMessage.Chunk(
                extended, Short.toUnsignedInt(in.getShort(4)), Short.toUnsignedInt(in.getShort(6)), cookie, length);
    }

    /** How much data a simple reply has only the request tells. */
    private long readLength(long cookie) {
        @Nullable Exchange exchange = conversation.command(cookie);
        return exchange != null
                        && exchange.message() instanceof ClientMessage.Request request
                        && request.type() == CommandType.READ
                ? request.length()
                : 0;
    }
}
