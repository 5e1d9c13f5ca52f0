package io.nbd4j.codec.transmission;

import io.nbd4j.codec.ProtocolLimits;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;

/** What all error chunks start with: the error, and a message. */
final class ErrorPayload {
    /** Without the message, in bytes. */
    static final int LENGTH = 4 + 2;

    private ErrorPayload() {}

    /**
     * Returns the length of the message in bytes.
     *
     * @throws IllegalArgumentException if it is longer than a string may be
     */
    static int messageLength(String message) {
        int length = ByteBufUtil.utf8Bytes(message);
        if (length > ProtocolLimits.MAX_STRING) {
            throw new IllegalArgumentException(
                    "an error message of " + length + " bytes; the most is " + ProtocolLimits.MAX_STRING);
        }
        return length;
    }

    /** Writes the error and the message, and makes room for an offset behind them. */
    static void write(ByteBuf out, int error, int messageLength, String message) {
        out.ensureWritable(LENGTH + messageLength + 8);
        out.writeInt(error);
        out.writeShort(messageLength);
        ByteBufUtil.writeUtf8(out, message);
    }
}
