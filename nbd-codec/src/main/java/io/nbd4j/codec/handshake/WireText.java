package io.nbd4j.codec.handshake;

import io.nbd4j.codec.ProtocolLimits;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Strings of the wire: UTF-8 without a terminator, bounded, no NUL. */
final class WireText {
    private WireText() {}

    /** Reads a string. What is not UTF-8 becomes U+FFFD: text from the other side never fails to decode. */
    static String read(ByteBuf in, int length) {
        return in.readString(length, StandardCharsets.UTF_8);
    }

    /**
     * Returns the bytes of a string that this side sends.
     *
     * @throws IllegalArgumentException if it has a NUL, an unpaired surrogate or more bytes than the protocol allows
     */
    static byte[] encode(String what, String text) {
        if (text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException(what + " contains a NUL character");
        }
        ByteBuffer bytes;
        try {
            // Unlike String.getBytes, an encoder refuses what it would have to replace.
            bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException(what + " is not valid Unicode text", e);
        }
        if (bytes.remaining() > ProtocolLimits.MAX_STRING) {
            throw new IllegalArgumentException(
                    what + " has " + bytes.remaining() + " bytes in UTF-8, the most is " + ProtocolLimits.MAX_STRING);
        }
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        return copy;
    }
}
