package io.nbd4j.testkit.fault;

import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.handshake.OptionReplyType;
import java.time.Duration;

/** Values as rules write them. */
final class FaultNames {
    private FaultNames() {}

    static String error(int error) {
        NbdError named = NbdError.fromWire(error);
        return named.wire() == error ? named.name() : Integer.toUnsignedString(error);
    }

    static String optionError(int replyType) {
        OptionReplyType named = OptionReplyType.fromWire(replyType);
        return named == OptionReplyType.UNKNOWN_ERROR ? "0x" + Integer.toHexString(replyType) : named.name();
    }

    static String message(String message) {
        return message.isEmpty() ? "" : " " + quoted(message);
    }

    /** A quote in a quoted text is doubled. */
    static String quoted(String text) {
        return "'" + text.replace("'", "''") + "'";
    }

    static String duration(Duration duration) {
        long nanos = duration.toNanos();
        if (nanos % 1_000_000_000 == 0) {
            return nanos / 1_000_000_000 + "s";
        }
        if (nanos % 1_000_000 == 0) {
            return nanos / 1_000_000 + "ms";
        }
        return nanos % 1000 == 0 ? nanos / 1000 + "us" : nanos + "ns";
    }
}
