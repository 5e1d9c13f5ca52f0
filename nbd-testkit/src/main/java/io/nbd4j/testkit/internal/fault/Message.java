package io.nbd4j.testkit.internal.fault;

import io.nbd4j.codec.Magic;
import io.nbd4j.testkit.transcript.ServerMessage;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * A message of the server, all of its bytes with what is known of them. Nobody changes the bytes.
 *
 * <p>Plain arrays: an answer that a fault keeps back has nothing to be released when its connection goes away.
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record Message(ServerMessage facts, byte[] bytes) {
    private static final int SHOWN = 16;

    /** A message whose bytes make no sense any more. */
    static Message spoilt(byte[] bytes) {
        String start = HexFormat.of().formatHex(bytes, 0, Math.min(bytes.length, SHOWN));
        return new Message(new ServerMessage.Spoilt(bytes.length, start), bytes);
    }

    /** A chunk, of which its own header tells the facts. */
    static Message chunk(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        boolean extended = in.getInt() == Magic.EXTENDED_REPLY;
        int flags = Short.toUnsignedInt(in.getShort());
        int type = Short.toUnsignedInt(in.getShort());
        long cookie = in.getLong();
        long length = extended ? in.getLong(24) : Integer.toUnsignedLong(in.getInt());
        return new Message(new ServerMessage.Chunk(extended, flags, type, cookie, length), bytes);
    }

    /** Returns a copy of the bytes, to be changed. */
    byte[] copy() {
        return Arrays.copyOf(bytes, bytes.length);
    }
}
