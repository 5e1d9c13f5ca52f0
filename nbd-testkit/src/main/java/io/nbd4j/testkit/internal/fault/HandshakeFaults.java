package io.nbd4j.testkit.internal.fault;

import io.nbd4j.codec.Magic;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.nbd4j.codec.handshake.OptionType;
import io.nbd4j.testkit.fault.UnknownInfo;
import io.nbd4j.testkit.fault.UnknownOptionReply;
import io.nbd4j.testkit.transcript.ServerMessage;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Faults of answers to options that add a message. */
final class HandshakeFaults {
    private static final int HEADER_LENGTH = 20;

    private HandshakeFaults() {}

    static Effect unknownReply(UnknownOptionReply fault, List<Message> answer) {
        if (!(answer.get(0).facts() instanceof ServerMessage.OptionReply first)) {
            return Effect.none(answer, "the answer to EXPORT_NAME has no type");
        }
        return inFront(optionReply(first.option(), fault.type(), new byte[fault.length()]), answer);
    }

    static Effect unknownInfo(UnknownInfo fault, List<Message> answer) {
        if (!(answer.get(0).facts() instanceof ServerMessage.OptionReply first)
                || first.type() != OptionReplyType.INFO) {
            return Effect.none(answer, "the answer has no information items");
        }
        byte[] data = new byte[Short.BYTES + fault.length()];
        ByteBuffer.wrap(data).putShort((short) fault.type());
        return inFront(optionReply(first.option(), OptionReplyType.INFO.wire(), data), answer);
    }

    static Effect plaintext(List<Message> answer) {
        if (!(answer.get(0).facts() instanceof ServerMessage.OptionReply first)
                || first.type() != OptionReplyType.ACK) {
            return Effect.none(answer, "STARTTLS was not acknowledged");
        }
        List<Message> more = new ArrayList<>(answer);
        more.add(optionReply(OptionType.STRUCTURED_REPLY.wire(), OptionReplyType.ACK.wire(), new byte[0]));
        return Effect.sending(more);
    }

    private static Effect inFront(Message message, List<Message> answer) {
        List<Message> more = new ArrayList<>();
        more.add(message);
        more.addAll(answer);
        return Effect.sending(more);
    }

    private static Message optionReply(int option, int type, byte[] data) {
        ByteBuffer out = ByteBuffer.allocate(HEADER_LENGTH + data.length);
        out.putLong(Magic.OPTION_REPLY)
                .putInt(option)
                .putInt(type)
                .putInt(data.length)
                .put(data);
        return new Message(new ServerMessage.OptionReply(option, type, data.length), out.array());
    }
}
