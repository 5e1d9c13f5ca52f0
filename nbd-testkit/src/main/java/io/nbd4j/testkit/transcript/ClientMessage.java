package io.nbd4j.testkit.transcript;

import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.ServerText;
import io.nbd4j.codec.handshake.OptionType;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/** What a client did. Facts only: the data of a write is counted, not kept. {@code toString()} is one line. */
public sealed interface ClientMessage {
    /** Returns how many bytes it has on the wire. */
    long bytes();

    /** The client has connected, and now the server greets. */
    record Connected() implements ClientMessage {
        @Override
        public long bytes() {
            return 0;
        }

        @Override
        public String toString() {
            return "CONNECT";
        }
    }

    /**
     * The answer to a newstyle greeting.
     *
     * @param bits the 32 bits of the wire
     */
    record Flags(int bits) implements ClientMessage {
        @Override
        public long bytes() {
            return Integer.BYTES;
        }

        @Override
        public String toString() {
            return "client flags 0x" + Integer.toHexString(bits);
        }
    }

    /**
     * An option request.
     *
     * @param option the 32-bit code
     * @param exportName the export it is about; {@code null} if the option names none, or is cut off
     * @param dataLength the length of its data, unsigned
     */
    record Option(int option, @Nullable String exportName, long dataLength) implements ClientMessage {
        /** Returns the type; {@link OptionType#UNKNOWN} if the specification does not name it. */
        public OptionType type() {
            return OptionType.fromWire(option);
        }

        @Override
        public long bytes() {
            return 16 + dataLength;
        }

        @Override
        public String toString() {
            String name = type() == OptionType.UNKNOWN ? "option " + Integer.toUnsignedString(option) : type().name();
            return exportName == null ? name : name + " '" + ServerText.escape(exportName, 100) + "'";
        }
    }

    /**
     * A request of the transmission phase.
     *
     * @param extended whether it has an extended header
     * @param flags the 16 bits of the command flags
     * @param command the 16 bits of the command
     * @param cookie as the client chose it
     * @param offset in bytes from the start of the export, unsigned
     * @param length in bytes, unsigned; of the payload if {@link CommandFlag#PAYLOAD_LEN} is set
     * @param payloadLength how many bytes of payload follow the header
     */
    record Request(boolean extended, int flags, int command, long cookie, long offset, long length, long payloadLength)
            implements ClientMessage {
        /** Returns the command; {@link CommandType#UNKNOWN} if the specification does not name it. */
        public CommandType type() {
            return CommandType.fromWire(command);
        }

        /** Returns whether all of {@code mask}'s bits are set in the command flags. */
        public boolean hasFlags(int mask) {
            return (flags & mask) == mask;
        }

        @Override
        public long bytes() {
            return (extended ? 32 : 28) + payloadLength;
        }

        @Override
        public String toString() {
            StringBuilder out = new StringBuilder();
            out.append(type() == CommandType.UNKNOWN ? "command " + command : type().name());
            if (type() != CommandType.DISC && type() != CommandType.FLUSH) {
                out.append(' ').append(Long.toUnsignedString(offset));
                out.append('+').append(Long.toUnsignedString(length));
            }
            if (flags != 0) {
                out.append(' ').append(flagNames());
            }
            return out.append(" cookie 0x").append(Long.toHexString(cookie)).toString();
        }

        private String flagNames() {
            StringJoiner names = new StringJoiner("|");
            int rest = flags;
            for (CommandFlag flag : CommandFlag.values()) {
                if (hasFlags(flag.bit())) {
                    names.add(flag.name());
                    rest &= ~flag.bit();
                }
            }
            if (rest != 0) {
                names.add("0x" + Integer.toHexString(rest));
            }
            return names.toString();
        }
    }

    /**
     * Bytes that are no message: with a wrong magic number, or where nothing may come any more.
     *
     * @param bytes how many
     */
    record Stray(long bytes) implements ClientMessage {
        @Override
        public String toString() {
            return "bytes that are no message";
        }
    }

    /** The client has closed its side of the connection. */
    record End() implements ClientMessage {
        @Override
        public long bytes() {
            return 0;
        }

        @Override
        public String toString() {
            return "end of stream";
        }
    }
}
