package io.nbd4j.testkit.internal.fault;

import io.nbd4j.codec.Magic;
import io.nbd4j.codec.transmission.ChunkType;
import io.nbd4j.testkit.transcript.ServerMessage;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * A chunk taken apart.
 *
 * @param extended whether the header is extended
 * @param flags the 16 bits of the chunk flags
 * @param type the 16 bits of the type
 * @param cookie that of the request
 * @param requestOffset what an extended header repeats of the request; 0 in a compact one
 * @param payload what follows the header
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record Chunk(boolean extended, int flags, int type, long cookie, long requestOffset, byte[] payload) {
    private static final int HEADER_LENGTH = 20;
    private static final int EXTENDED_HEADER_LENGTH = 32;

    /** Returns whether all messages are chunks. */
    static boolean areAll(List<Message> answer) {
        return answer.stream().allMatch(message -> message.facts() instanceof ServerMessage.Chunk);
    }

    static List<Chunk> of(List<Message> answer) {
        return answer.stream().map(Chunk::of).toList();
    }

    private static Chunk of(Message message) {
        ServerMessage.Chunk facts = (ServerMessage.Chunk) message.facts();
        byte[] bytes = message.bytes();
        int header = facts.extended() ? EXTENDED_HEADER_LENGTH : HEADER_LENGTH;
        return new Chunk(
                facts.extended(),
                facts.flags(),
                facts.chunkType(),
                facts.cookie(),
                facts.extended() ? ByteBuffer.wrap(bytes).getLong(16) : 0,
                Arrays.copyOfRange(bytes, header, bytes.length));
    }

    Message message() {
        ByteBuffer out = ByteBuffer.allocate((extended ? EXTENDED_HEADER_LENGTH : HEADER_LENGTH) + payload.length);
        out.putInt(extended ? Magic.EXTENDED_REPLY : Magic.STRUCTURED_REPLY);
        out.putShort((short) flags).putShort((short) type).putLong(cookie);
        if (extended) {
            out.putLong(requestOffset).putLong(payload.length);
        } else {
            out.putInt(payload.length);
        }
        return Message.chunk(out.put(payload).array());
    }

    ChunkType chunkType() {
        return ChunkType.fromWire(type);
    }

    boolean isData() {
        return chunkType() == ChunkType.OFFSET_DATA;
    }

    /** Returns whether it carries a part of what was asked for. */
    boolean isContent() {
        return switch (chunkType()) {
            case OFFSET_DATA, OFFSET_HOLE, BLOCK_STATUS, BLOCK_STATUS_EXT -> true;
            case NONE, ERROR, ERROR_OFFSET, UNKNOWN, UNKNOWN_ERROR -> false;
        };
    }

    boolean isDone() {
        return (flags & ChunkType.FLAG_DONE) != 0;
    }

    Chunk withDone(boolean done) {
        int changed = done ? flags | ChunkType.FLAG_DONE : flags & ~ChunkType.FLAG_DONE;
        return new Chunk(extended, changed, type, cookie, requestOffset, payload);
    }

    /** A chunk of the same reply, not its last one. */
    Chunk sibling(int siblingType, byte[] siblingPayload) {
        return new Chunk(extended, 0, siblingType, cookie, requestOffset, siblingPayload);
    }

    /** The chunk that ends the same reply. */
    Chunk end() {
        return sibling(ChunkType.NONE.wire(), new byte[0]).withDone(true);
    }

    /** Where in the export the data of an OFFSET_DATA chunk lies, or a hole. */
    long offset() {
        return ByteBuffer.wrap(payload).getLong();
    }

    /** How many bytes of data an OFFSET_DATA chunk has. */
    int dataLength() {
        return payload.length - Long.BYTES;
    }

    /** A part of an OFFSET_DATA chunk, as a chunk of its own that does not end the reply. */
    Chunk part(int from, int to) {
        ByteBuffer out = ByteBuffer.allocate(Long.BYTES + to - from);
        out.putLong(offset() + from).put(payload, Long.BYTES + from, to - from);
        return sibling(type, out.array());
    }
}
