package io.nbd4j.testkit.internal.fault;

import io.nbd4j.codec.Magic;
import io.nbd4j.codec.transmission.ChunkType;
import io.nbd4j.testkit.fault.RefuseCommand;
import io.nbd4j.testkit.fault.RefuseOption;
import io.nbd4j.testkit.transcript.ClientMessage;
import io.nbd4j.testkit.transcript.ServerMessage;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** The answers to what a rule refuses. */
final class Refusals {
    private Refusals() {}

    static Message option(ClientMessage.Option option, RefuseOption fault) {
        byte[] text = fault.message().getBytes(StandardCharsets.UTF_8);
        ByteBuffer out = ByteBuffer.allocate(20 + text.length);
        out.putLong(Magic.OPTION_REPLY).putInt(option.option()).putInt(fault.replyType());
        out.putInt(text.length).put(text);
        return new Message(new ServerMessage.OptionReply(option.option(), fault.replyType(), text.length), out.array());
    }

    /**
     * The reply to a command, in the form that the client expects.
     *
     * @param structuredReplies whether they have been agreed on; a request with an extended header tells by itself
     */
    static Message command(ClientMessage.Request request, boolean structuredReplies, RefuseCommand fault) {
        if (!structuredReplies && !request.extended()) {
            ByteBuffer out = ByteBuffer.allocate(16);
            out.putInt(Magic.SIMPLE_REPLY).putInt(fault.error()).putLong(request.cookie());
            return new Message(new ServerMessage.SimpleReply(fault.error(), request.cookie(), 0), out.array());
        }
        byte[] text = fault.message().getBytes(StandardCharsets.UTF_8);
        ByteBuffer payload = ByteBuffer.allocate(Integer.BYTES + Short.BYTES + text.length);
        payload.putInt(fault.error()).putShort((short) text.length).put(text);
        return new Chunk(
                        request.extended(),
                        ChunkType.FLAG_DONE,
                        ChunkType.ERROR.wire(),
                        request.cookie(),
                        request.offset(),
                        payload.array())
                .message();
    }
}
