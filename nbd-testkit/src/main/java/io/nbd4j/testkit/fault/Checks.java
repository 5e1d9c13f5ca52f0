package io.nbd4j.testkit.fault;

import io.nbd4j.codec.ProtocolLimits;
import io.nbd4j.codec.handshake.InfoType;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.nbd4j.codec.transmission.ChunkType;
import java.nio.charset.StandardCharsets;

/** What the values of faults have in common. */
final class Checks {
    private static final int MAX_EXTRA = 65536;

    private Checks() {}

    static void error(int error) {
        if (error == 0) {
            throw new IllegalArgumentException("error 0 is success");
        }
    }

    static void message(String message) {
        int length = message.getBytes(StandardCharsets.UTF_8).length;
        if (length > ProtocolLimits.MAX_STRING) {
            throw new IllegalArgumentException(
                    "a text of " + length + " bytes; the most is " + ProtocolLimits.MAX_STRING);
        }
        if (message.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException("a text with control characters");
        }
    }

    static void extraLength(int length) {
        if (length < 0 || length > MAX_EXTRA) {
            throw new IllegalArgumentException("a length of " + length + "; it is 0 to " + MAX_EXTRA);
        }
    }

    static void unknownChunk(int type) {
        bits16(type);
        ChunkType known = ChunkType.fromWire(type);
        if (known != ChunkType.UNKNOWN && known != ChunkType.UNKNOWN_ERROR) {
            throw new IllegalArgumentException("chunk type " + type + " exists: " + known);
        }
    }

    static void unknownOptionReply(int type) {
        OptionReplyType known = OptionReplyType.fromWire(type);
        if (known != OptionReplyType.UNKNOWN && known != OptionReplyType.UNKNOWN_ERROR) {
            throw new IllegalArgumentException(
                    "option reply type 0x" + Integer.toHexString(type) + " exists: " + known);
        }
    }

    static void unknownInfo(int type) {
        bits16(type);
        InfoType known = InfoType.fromWire(type);
        if (known != InfoType.UNKNOWN) {
            throw new IllegalArgumentException("information type " + type + " exists: " + known);
        }
    }

    private static void bits16(int type) {
        if (type != (type & 0xffff)) {
            throw new IllegalArgumentException("type " + type + " does not fit into 16 bits");
        }
    }
}
