package io.nbd4j.testkit.transcript;

import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.nbd4j.codec.handshake.OptionType;
import io.nbd4j.codec.transmission.ChunkType;

/** What a server said. Facts only: the data of a read is counted, not kept. {@code toString()} is one line. */
public sealed interface ServerMessage {
    /** Returns how many bytes it has on the wire. */
    long bytes();

    /**
     * The greeting.
     *
     * @param oldstyle whether it leads straight to the transmission phase
     * @param flags handshake flags, or the transmission flags of an oldstyle greeting
     */
    record Greeting(boolean oldstyle, int flags) implements ServerMessage {
        @Override
        public long bytes() {
            return oldstyle ? 152 : 18;
        }

        @Override
        public String toString() {
            return (oldstyle ? "oldstyle greeting, transmission flags 0x" : "greeting, handshake flags 0x")
                    + Integer.toHexString(flags);
        }
    }

    /**
     * One reply to an option.
     *
     * @param option the option that it echoes
     * @param replyType the 32-bit type
     * @param dataLength the length of its data
     */
    record OptionReply(int option, int replyType, long dataLength) implements ServerMessage {
        /** Returns the type; the unknown ones if the specification does not name it. */
        public OptionReplyType type() {
            return OptionReplyType.fromWire(replyType);
        }

        /** Returns whether no further reply to the option follows. */
        public boolean isFinal() {
            return type() == OptionReplyType.ACK || OptionReplyType.isError(replyType);
        }

        @Override
        public long bytes() {
            return 20 + dataLength;
        }

        @Override
        public String toString() {
            OptionType asked = OptionType.fromWire(option);
            boolean unnamed = type() == OptionReplyType.UNKNOWN || type() == OptionReplyType.UNKNOWN_ERROR;
            return (unnamed ? "reply type 0x" + Integer.toHexString(replyType) : type().name())
                    + " to "
                    + (asked == OptionType.UNKNOWN ? "option " + Integer.toUnsignedString(option) : asked.name());
        }
    }

    /**
     * The answer to EXPORT_NAME.
     *
     * @param bytes 10, or 134 with padding
     */
    record ExportNameAnswer(long bytes) implements ServerMessage {
        @Override
        public String toString() {
            return "answer to EXPORT_NAME";
        }
    }

    /**
     * A simple reply.
     *
     * @param error 0 for success
     * @param cookie that of the request
     * @param dataLength how many bytes of a read follow the header
     */
    record SimpleReply(int error, long cookie, long dataLength) implements ServerMessage {
        @Override
        public long bytes() {
            return 16 + dataLength;
        }

        @Override
        public String toString() {
            return "simple reply " + (error == 0 ? "ok" : errorName(error)) + " cookie 0x" + Long.toHexString(cookie);
        }
    }

    /**
     * A chunk of a structured reply, with a compact or an extended header.
     *
     * @param extended whether the header is extended
     * @param flags the 16 bits of the chunk flags
     * @param chunkType the 16 bits of the type
     * @param cookie that of the request
     * @param payloadLength the length of what follows the header
     */
    record Chunk(boolean extended, int flags, int chunkType, long cookie, long payloadLength) implements ServerMessage {
        /** Returns the type; the unknown ones if the specification does not name it. */
        public ChunkType type() {
            return ChunkType.fromWire(chunkType);
        }

        /** Returns whether the reply ends with it. */
        public boolean isDone() {
            return (flags & ChunkType.FLAG_DONE) != 0;
        }

        @Override
        public long bytes() {
            return (extended ? 32 : 20) + payloadLength;
        }

        @Override
        public String toString() {
            boolean unnamed = type() == ChunkType.UNKNOWN || type() == ChunkType.UNKNOWN_ERROR;
            return (extended ? "extended chunk " : "chunk ")
                    + (unnamed ? "type 0x" + Integer.toHexString(chunkType) : type().name())
                    + (isDone() ? " DONE" : "")
                    + " cookie 0x" + Long.toHexString(cookie);
        }
    }

    /**
     * Bytes that a fault has made, and which are no message any more.
     *
     * @param bytes how many
     * @param start the first of them, in hex
     */
    record Spoilt(long bytes, String start) implements ServerMessage {
        @Override
        public String toString() {
            return "spoilt bytes " + start;
        }
    }

    /** What a fault keeps the server from saying. */
    record Nothing() implements ServerMessage {
        @Override
        public long bytes() {
            return 0;
        }

        @Override
        public String toString() {
            return "says nothing";
        }
    }

    /** The server has closed its side, or all, of the connection. */
    record End() implements ServerMessage {
        @Override
        public long bytes() {
            return 0;
        }

        @Override
        public String toString() {
            return "end of stream";
        }
    }

    private static String errorName(int error) {
        NbdError known = NbdError.fromWire(error);
        return known.wire() == error ? known.name() : "error " + Integer.toUnsignedString(error);
    }
}
