package io.nbd4j.client.internal.negotiation;

import io.nbd4j.codec.ServerText;
import io.nbd4j.codec.handshake.OptionReply.Refusal;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.nbd4j.codec.handshake.OptionType;

/** What a server's refusal means, in words. */
final class Refusals {
    private static final int MAX_TEXT = 1000;

    private Refusals() {}

    /** Returns what was refused, why, and what the server says about it. */
    static String describe(Refusal refusal) {
        return refusal.message().isEmpty()
                ? reason(refusal)
                : reason(refusal) + ": " + ServerText.escape(refusal.message(), MAX_TEXT);
    }

    /** Returns what was refused, and why. */
    static String reason(Refusal refusal) {
        return "the server refused " + OptionType.fromWire(refusal.option()) + ": " + meaning(refusal);
    }

    private static String meaning(Refusal refusal) {
        OptionReplyType type = refusal.type();
        return switch (type) {
            case ERR_UNSUP -> "it does not support the option (ERR_UNSUP)";
            case ERR_POLICY -> "its policy forbids it (ERR_POLICY)";
            case ERR_INVALID -> "it calls the request invalid (ERR_INVALID)";
            case ERR_PLATFORM -> "its platform cannot do it (ERR_PLATFORM)";
            case ERR_TLS_REQD -> "TLS is required first (ERR_TLS_REQD)";
            case ERR_UNKNOWN -> "it has no export of this name (ERR_UNKNOWN)";
            case ERR_SHUTDOWN -> "it is shutting down (ERR_SHUTDOWN)";
            case ERR_BLOCK_SIZE_REQD -> "it needs a client that respects its block sizes (ERR_BLOCK_SIZE_REQD)";
            case ERR_TOO_BIG -> "the request or its answer is too large (ERR_TOO_BIG)";
            case ERR_EXT_HEADER_REQD -> "extended headers are required first (ERR_EXT_HEADER_REQD)";
            case ACK, SERVER, INFO, META_CONTEXT, UNKNOWN, UNKNOWN_ERROR ->
                "error 0x" + Integer.toHexString(refusal.rawType());
        };
    }
}
