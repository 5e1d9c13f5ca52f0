package io.nbd4j.testkit.internal.fault;

import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.Magic;
import io.nbd4j.codec.ProtocolLimits;
import io.nbd4j.codec.handshake.OptionType;
import io.nbd4j.testkit.transcript.ClientMessage;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Finds the messages in what a client sends. Never objects: what is no message becomes {@link ClientMessage.Stray}. */
final class ClientStream {
    private static final int OPTION_HEADER_LENGTH = 16;
    private static final int REQUEST_LENGTH = 28;
    private static final int EXTENDED_REQUEST_LENGTH = 32;
    private static final int IHAVEOPT_START = (int) (Magic.IHAVEOPT >>> Integer.SIZE);

    private final Conversation conversation;
    private boolean lost;

    ClientStream(Conversation conversation) {
        this.conversation = conversation;
    }

    /**
     * A message.
     *
     * @param length how many bytes of the buffer it takes
     * @param rest how many bytes of it follow those: of the payload of a request, or of an option that is too large
     */
    record Found(ClientMessage message, int length, long rest) {}

    /**
     * Finds the message that begins at the reader index, and takes nothing.
     *
     * @param in at least one byte
     * @return {@code null} if bytes are missing
     */
    @Nullable
    Found find(ByteBuf in) {
        if (conversation.isDisconnected()) {
            lost = true;
        }
        if (lost) {
            return stray(in);
        }
        if (in.readableBytes() < Integer.BYTES) {
            return null;
        }
        if (conversation.awaitsFlags()) {
            return new Found(new ClientMessage.Flags(in.getInt(in.readerIndex())), Integer.BYTES, 0);
        }
        // A request may come before the server has answered GO, so only the magic number tells what it is.
        int magic = in.getInt(in.readerIndex());
        if (magic == Magic.REQUEST || magic == Magic.EXTENDED_REQUEST) {
            return request(in, magic == Magic.EXTENDED_REQUEST);
        }
        return magic == IHAVEOPT_START && !conversation.isTransmission() ? option(in) : lose(in);
    }

    private Found lose(ByteBuf in) {
        lost = true;
        return stray(in);
    }

    private static Found stray(ByteBuf in) {
        return new Found(new ClientMessage.Stray(in.readableBytes()), in.readableBytes(), 0);
    }

    private @Nullable Found option(ByteBuf in) {
        if (in.readableBytes() < OPTION_HEADER_LENGTH) {
            return null;
        }
        int start = in.readerIndex();
        if (in.getLong(start) != Magic.IHAVEOPT) {
            return lose(in);
        }
        int option = in.getInt(start + 8);
        long length = in.getUnsignedInt(start + 12);
        if (length > ProtocolLimits.MAX_OPTION_REQUEST_DATA) {
            return new Found(new ClientMessage.Option(option, null, length), OPTION_HEADER_LENGTH, length);
        }
        if (in.readableBytes() < OPTION_HEADER_LENGTH + length) {
            return null;
        }
        String name = exportName(OptionType.fromWire(option), in, start + OPTION_HEADER_LENGTH, (int) length);
        return new Found(new ClientMessage.Option(option, name, length), OPTION_HEADER_LENGTH + (int) length, 0);
    }

    private static @Nullable String exportName(OptionType type, ByteBuf in, int start, int length) {
        return switch (type) {
            case EXPORT_NAME -> in.toString(start, length, StandardCharsets.UTF_8);
            case INFO, GO, LIST_META_CONTEXT, SET_META_CONTEXT -> {
                if (length < Integer.BYTES || in.getUnsignedInt(start) > length - Integer.BYTES) {
                    yield null;
                }
                yield in.toString(start + Integer.BYTES, in.getInt(start), StandardCharsets.UTF_8);
            }
            default -> null;
        };
    }

    private static @Nullable Found request(ByteBuf in, boolean extended) {
        int headerLength = extended ? EXTENDED_REQUEST_LENGTH : REQUEST_LENGTH;
        if (in.readableBytes() < headerLength) {
            return null;
        }
        int start = in.readerIndex();
        int flags = in.getUnsignedShort(start + 4);
        int command = in.getUnsignedShort(start + 6);
        long length = extended ? in.getLong(start + 24) : in.getUnsignedInt(start + 24);
        // A write has one also where an extended header lacks the flag, as qemu sends it.
        boolean hasPayload = CommandType.fromWire(command) == CommandType.WRITE
                || (extended && (flags & CommandFlag.PAYLOAD_LEN.bit()) != 0);
        // An absurd length is a payload without an end, as the server will see it.
        long payload = !hasPayload ? 0 : length < 0 ? Long.MAX_VALUE : length;
        ClientMessage.Request request = new ClientMessage.Request(
                extended, flags, command, in.getLong(start + 8), in.getLong(start + 16), length, payload);
        return new Found(request, headerLength, payload);
    }
}
