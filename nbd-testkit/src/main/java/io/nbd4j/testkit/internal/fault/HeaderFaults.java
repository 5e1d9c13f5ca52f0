package io.nbd4j.testkit.internal.fault;

import io.nbd4j.testkit.transcript.ServerMessage;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Faults that change a field of a header. */
final class HeaderFaults {
    private static final int COOKIE = 8;
    private static final int LENGTH = 16;
    private static final int EXTENDED_LENGTH = 24;
    private static final int SIMPLE_REPLY_LENGTH = 16;

    private HeaderFaults() {}

    static Effect wrongCookie(List<Message> answer) {
        List<Message> spoilt = new ArrayList<>();
        for (Message message : answer) {
            byte[] copy = message.copy();
            ByteBuffer bytes = ByteBuffer.wrap(copy);
            if (message.facts() instanceof ServerMessage.OptionReply) {
                bytes.putInt(COOKIE, ~bytes.getInt(COOKIE));
            } else if (hasCookie(message)) {
                bytes.putLong(COOKIE, ~bytes.getLong(COOKIE));
            } else {
                return Effect.none(answer, "the answer echoes nothing");
            }
            spoilt.add(Message.spoilt(copy));
        }
        return Effect.sending(spoilt);
    }

    private static boolean hasCookie(Message message) {
        return message.facts() instanceof ServerMessage.SimpleReply || message.facts() instanceof ServerMessage.Chunk;
    }

    static Effect wrongMagic(List<Message> answer) {
        Message first = answer.get(0);
        if (first.facts() instanceof ServerMessage.ExportNameAnswer) {
            return Effect.none(answer, "the answer has no magic number");
        }
        int lastByte = (hasCookie(first) ? Integer.BYTES : Long.BYTES) - 1;
        byte[] copy = first.copy();
        copy[lastByte] ^= 1;
        return firstReplaced(copy, answer);
    }

    static Effect wrongLength(int by, List<Message> answer) {
        Message first = answer.get(0);
        if (first.facts() instanceof ServerMessage.SimpleReply reply && reply.dataLength() > 0) {
            int data = (int) Math.max(0, reply.dataLength() + by);
            return firstReplaced(Arrays.copyOf(first.bytes(), SIMPLE_REPLY_LENGTH + data), answer);
        }
        long length = statedLength(first);
        if (length < 0) {
            return Effect.none(answer, "the answer states no length");
        }
        if (length + by < 0) {
            return Effect.none(answer, "its length is only " + length);
        }
        return firstReplaced(withLength(first, length + by), answer);
    }

    static Effect oversizedLength(long length, List<Message> answer) {
        Message first = answer.get(0);
        return statedLength(first) < 0
                ? Effect.none(answer, "the answer states no length")
                : firstReplaced(withLength(first, length), answer);
    }

    private static long statedLength(Message message) {
        if (message.facts() instanceof ServerMessage.OptionReply reply) {
            return reply.dataLength();
        }
        return message.facts() instanceof ServerMessage.Chunk chunk ? chunk.payloadLength() : -1;
    }

    private static byte[] withLength(Message message, long length) {
        byte[] copy = message.copy();
        ByteBuffer bytes = ByteBuffer.wrap(copy);
        if (message.facts() instanceof ServerMessage.Chunk chunk && chunk.extended()) {
            bytes.putLong(EXTENDED_LENGTH, length);
        } else {
            bytes.putInt(LENGTH, (int) length);
        }
        return copy;
    }

    private static Effect firstReplaced(byte[] bytes, List<Message> answer) {
        List<Message> messages = new ArrayList<>(answer);
        messages.set(0, Message.spoilt(bytes));
        return Effect.sending(messages);
    }
}
