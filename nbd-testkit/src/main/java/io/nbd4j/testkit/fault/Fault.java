package io.nbd4j.testkit.fault;

import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.ProtocolLimits;
import io.nbd4j.codec.handshake.OptionReplyType;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Set;

/**
 * What a server does wrong. A value: it says what happens to one answer, and a {@link FaultRule} says to which.
 *
 * <p>An option or a command that is <em>refused</em> is not performed. All other faults of commands concern the answer:
 * the server has performed the command by then. An option whose answer would be late or missing ({@link Delay},
 * {@link Hold}, {@link Silence}, {@link Drop}, {@link Reset}, {@link HalfClose}) is performed late or not at all.
 *
 * <p>A fault that makes no sense for the answer at hand, such as chunks to be merged in a simple reply, leaves the answer
 * as it is, and the plan {@linkplain FaultPlan#unusedRules() says so}. Constructors throw
 * {@link IllegalArgumentException} for values that make no sense anywhere. {@code toString()} is the text form, which
 * {@link FaultPlan#parse} reads.
 */
public sealed interface Fault permits Hold, Fault.Plain {
    /** Returns which it is, for a switch without a default. */
    Kind kind();

    /** Returns what it can happen to. */
    Set<Stage> stages();

    /** The faults. */
    enum Kind {
        /** {@link RefuseOption}. */
        REFUSE_OPTION,
        /** {@link RefuseCommand}. */
        REFUSE_COMMAND,
        /** {@link Delay}. */
        DELAY,
        /** {@link Hold}. */
        HOLD,
        /** {@link Silence}. */
        SILENCE,
        /** {@link Drop}. */
        DROP,
        /** {@link Reset}. */
        RESET,
        /** {@link HalfClose}. */
        HALF_CLOSE,
        /** {@link Truncate}. */
        TRUNCATE,
        /** {@link WrongCookie}. */
        WRONG_COOKIE,
        /** {@link WrongMagic}. */
        WRONG_MAGIC,
        /** {@link WrongLength}. */
        WRONG_LENGTH,
        /** {@link OversizedLength}. */
        OVERSIZED_LENGTH,
        /** {@link Reorder}. */
        REORDER,
        /** {@link Duplicate}. */
        DUPLICATE,
        /** {@link SplitChunks}. */
        SPLIT_CHUNKS,
        /** {@link MergeChunks}. */
        MERGE_CHUNKS,
        /** {@link OverlapChunks}. */
        OVERLAP_CHUNKS,
        /** {@link OmitChunk}. */
        OMIT_CHUNK,
        /** {@link ErrorAfterData}. */
        ERROR_AFTER_DATA,
        /** {@link UnknownChunk}. */
        UNKNOWN_CHUNK,
        /** {@link UnknownOptionReply}. */
        UNKNOWN_OPTION_REPLY,
        /** {@link UnknownInfo}. */
        UNKNOWN_INFO,
        /** {@link PlaintextBehindAck}. */
        PLAINTEXT_BEHIND_ACK,
        /** {@link Append}. */
        APPEND
    }

    /** A fault without a handle, equal to all others with the same values. */
    sealed interface Plain extends Fault {}

    /** Refuses a command with one of the specification's errors. */
    static Fault refuse(NbdError error) {
        return refuse(error, "");
    }

    /** Refuses a command with one of the specification's errors, and a text where the reply has room for one. */
    static Fault refuse(NbdError error, String message) {
        return new RefuseCommand(error.wire(), message);
    }

    /** Refuses an option with one of the specification's errors, and a text. */
    static Fault refuse(OptionReplyType error, String message) {
        return new RefuseOption(error.wire(), message);
    }

    /** Makes an answer late. */
    static Fault delay(Duration by) {
        return new Delay(by);
    }

    /** Creates a handle that holds answers until it is released. */
    static Hold hold() {
        return new Hold();
    }

    /** Never answers. */
    static Fault silence() {
        return new Silence();
    }

    /** Closes the connection instead of answering. */
    static Fault drop() {
        return new Drop();
    }

    /** Resets the connection instead of answering. */
    static Fault reset() {
        return new Reset();
    }

    /** Closes the server's side of the connection instead of answering. */
    static Fault halfClose() {
        return new HalfClose();
    }

    /** Cuts an answer and closes the connection. */
    static Fault truncate(long bytes) {
        return new Truncate(bytes);
    }

    /** Answers with a cookie that the client did not use. */
    static Fault wrongCookie() {
        return new WrongCookie();
    }

    /** Spoils a magic number. */
    static Fault wrongMagic() {
        return new WrongMagic();
    }

    /** States a length that differs from what follows. */
    static Fault wrongLength(int by) {
        return new WrongLength(by);
    }

    /** States an absurd length. */
    static Fault oversizedLength() {
        return new OversizedLength(OversizedLength.DEFAULT);
    }

    /** Answers out of order. */
    static Fault reorder(int answers) {
        return new Reorder(answers);
    }

    /** Answers twice. */
    static Fault duplicate() {
        return new Duplicate();
    }

    /** Sends data in small chunks. */
    static Fault splitChunks(int bytes) {
        return new SplitChunks(bytes);
    }

    /** Sends neighbouring chunks of data as one. */
    static Fault mergeChunks() {
        return new MergeChunks();
    }

    /** Sends a part of the data twice. */
    static Fault overlapChunks() {
        return new OverlapChunks();
    }

    /** Leaves out a part of the data. */
    static Fault omitChunk() {
        return new OmitChunk();
    }

    /** Sends the data, and then an error. */
    static Fault errorAfterData(NbdError error, String message) {
        return new ErrorAfterData(error.wire(), message);
    }

    /** Adds a chunk of a type that does not exist. */
    static Fault unknownChunk(int type) {
        return new UnknownChunk(type, 4);
    }

    /** Adds an option reply of a type that does not exist. */
    static Fault unknownOptionReply(int type) {
        return new UnknownOptionReply(type, 4);
    }

    /** Adds an information item of a type that does not exist. */
    static Fault unknownInfo(int type) {
        return new UnknownInfo(type, 4);
    }

    /** Sends plaintext behind the acknowledgement of STARTTLS. */
    static Fault plaintextBehindAck() {
        return new PlaintextBehindAck();
    }

    /** Sends bytes behind an answer. */
    static Fault append(byte[] bytes) {
        return new Append(HexFormat.of().formatHex(bytes));
    }

    /**
     * Refuses an option, which is not performed.
     *
     * @param replyType the 32-bit type of the option reply; bit 31, the sign, is set
     * @param message for humans, maybe empty
     */
    record RefuseOption(int replyType, String message) implements Plain {
        /** Checks the values. */
        public RefuseOption {
            if (!OptionReplyType.isError(replyType)) {
                throw new IllegalArgumentException(
                        "option reply type 0x" + Integer.toHexString(replyType) + " is no error: bit 31 is not set");
            }
            Checks.message(message);
        }

        @Override
        public Kind kind() {
            return Kind.REFUSE_OPTION;
        }

        @Override
        public Set<Stage> stages() {
            return EnumSet.of(Stage.OPTION);
        }

        @Override
        public String toString() {
            return "refuse " + FaultNames.optionError(replyType) + FaultNames.message(message);
        }
    }

    /**
     * Refuses a command, which is not performed.
     *
     * @param error on the wire, not 0; also one that the specification does not name
     * @param message for humans, maybe empty; a simple reply has no room for it
     */
    record RefuseCommand(int error, String message) implements Plain {
        /** Checks the values. */
        public RefuseCommand {
            Checks.error(error);
            Checks.message(message);
        }

        @Override
        public Kind kind() {
            return Kind.REFUSE_COMMAND;
        }

        @Override
        public Set<Stage> stages() {
            return EnumSet.of(Stage.COMMAND);
        }

        @Override
        public String toString() {
            return "refuse " + FaultNames.error(error) + FaultNames.message(message);
        }
    }

    /**
     * Makes an answer late. Answers to later commands overtake it; later options wait, as does all that follows DISC.
     *
     * @param by more than nothing, an hour at most
     */
    record Delay(Duration by) implements Plain {
        /** Checks the value. */
        public Delay {
            if (by.isZero() || by.isNegative() || by.compareTo(Duration.ofHours(1)) > 0) {
                throw new IllegalArgumentException("a delay of " + by + "; it is more than nothing, an hour at most");
            }
        }

        @Override
        public Kind kind() {
            return Kind.DELAY;
        }

        @Override
        public Set<Stage> stages() {
            return EnumSet.allOf(Stage.class);
        }

        @Override
        public String toString() {
            return "delay " + FaultNames.duration(by);
        }
    }

    /** Never answers. A greeting, an option or DISC is not even heard; a command is performed. */
    record Silence() implements Plain {
        @Override
        public Kind kind() {
            return Kind.SILENCE;
        }

        @Override
        public Set<Stage> stages() {
            return EnumSet.allOf(Stage.class);
        }

        @Override
        public String toString() {
            return "silence";
        }
    }

    /** Closes the connection instead of answering. */
    record Drop() implements Plain {
        @Override
        public Kind kind() {
            return Kind.DROP;
        }

        @Override
        public Set<Stage> stages() {
            return EnumSet.allOf(Stage.class);
        }

        @Override
        public String toString() {
            return "drop";
        }
    }

    /** Closes the connection with a TCP reset instead of answering; on a Unix socket it only closes it. */
    record Reset() implements Plain {
        @Override
        public Kind kind() {
            return Kind.RESET;
        }

        @Override
        public Set<Stage> stages() {
            return EnumSet.allOf(Stage.class);
        }

        @Override
        public String toString() {
            return "reset";
        }
    }

    /**
     * Closes the server's side of the connection instead of answering. What the client says from then on is read, and
     * heeded no more.
     */
    record HalfClose() implements Plain {
        @Override
        public Kind kind() {
            return Kind.HALF_CLOSE;
        }

        @Override
        public Set<Stage> stages() {
            return EnumSet.allOf(Stage.class);
        }

        @Override
        public String toString() {
            return "half-close";
        }
    }

    /**
     * Sends the start of an answer and closes the connection.
     *
     * @param bytes how many bytes are sent, headers included; an answer that has no more than these is left as it is
     */
    record Truncate(long bytes) implements Plain {
        /** Checks the value. */
        public Truncate {
            if (bytes < 0) {
                throw new IllegalArgumentException("an answer of " + bytes + " bytes");
            }
        }

        @Override
        public Kind kind() {
            return Kind.TRUNCATE;
        }

        @Override
        public Set<Stage> stages() {
            return EnumSet.of(Stage.CONNECT, Stage.OPTION, Stage.COMMAND);
        }

        @Override
        public String toString() {
            return "truncate " + bytes;
        }
    }

    /** Flips all bits of the cookie in each message of an answer; of the option that it echoes, in an option's. */
    record WrongCookie() implements Plain {
        @Override
        public Kind kind() {
            return Kind.WRONG_COOKIE;
        }

        @Override
        public Set<Stage> stages() {
            return EnumSet.of(Stage.OPTION, Stage.COMMAND);
        }

        @Override
        public String toString() {
            return "wrong cookie";
        }
    }

    /** Flips the lowest bit of the magic number that an answer begins with. */
    record WrongMagic() implements Plain {
        @Override
        public Kind kind() {
            return Kind.WRONG_MAGIC;
        }

        @Override
        public Set<Stage> stages() {
            return EnumSet.of(Stage.CONNECT, Stage.OPTION, Stage.COMMAND);
        }

        @Override
        public String toString() {
            return "wrong magic";
        }
    }

    /**
     * Makes the length in the first message of an answer differ from what follows. A simple reply states no length: there
     * it is the data of a read that has more bytes, zeroes, or less.
     *
     * @param by the difference in bytes, not 0, 64 Ki at most
     */
    record WrongLength(int by) implements Plain {
        /** Checks the value. */
        public WrongLength {
            if (by == 0 || by < -65536 || by > 65536) {
                throw new IllegalArgumentException("a length wrong by " + by + "; it is -65536 to 65536, and not 0");
            }
        }

        @Override
        public Kind kind() {
            return Kind.WRONG_LENGTH;
        }

        @Override
        public Set<Stage> stages() {
            return EnumSet.of(Stage.OPTION, Stage.COMMAND);
        }

        @Override
        public String toString() {
            return "wrong length " + (by > 0 ? "+" : "") + by;
        }
    }

    /**
     * States an absurd length in the first message of an answer.
     *
     * @param length unsigned; where the field has 32 bits, the lower ones count
     */
    record OversizedLength(long length) implements Plain {
        static final long DEFAULT = 0xffff_fff0L;

        /** Checks the value. */
        public OversizedLength {
            if (length >= 0 && length <= ProtocolLimits.DEFAULT_MAXIMUM_PAYLOAD) {
                throw new IllegalArgumentException("a length of " + length + " is not oversized");
            }
        }

        @Override
        public Kind kind() {
            return Kind.OVERSIZED_LENGTH;
        }

        @Override
        public Set<Stage> stages() {
            return EnumSet.of(Stage.OPTION, Stage.COMMAND);
        }

        @Override
        public String toString() {
            return "oversized length 0x" + Long.toHexString(length);
        }
    }

    /**
     * Holds an answer back until others have left. If the client ends the connection before, it leaves then.
     *
     * @param answers how many answers to other commands leave before it, at least 1
     */
    record Reorder(int answers) implements Plain {
        /** Checks the value. */
        public Reorder {
            if (answers < 1) {
                throw new IllegalArgumentException("reordering behind " + answers + " answers");
            }
        }

        @Override
        public Kind kind() {
            return Kind.REORDER;
        }

        @Override
        public Set<Stage> stages() {
            return EnumSet.of(Stage.COMMAND);
        }

        @Override
        public String toString() {
            return "reorder " + answers;
        }
    }

    /** Answers twice, all chunks included. */
    record Duplicate() implements Plain {
        @Override
        public Kind kind() {
            return Kind.DUPLICATE;
        }

        @Override
        public Set<Stage> stages() {
            return EnumSet.of(Stage.CONNECT, Stage.OPTION, Stage.COMMAND);
        }

        @Override
        public String toString() {
            return "duplicate";
        }
    }

    /**
     * Splits chunks of data. That is allowed, unless the client said DF.
     *
     * @param bytes the most data in a chunk, at least 1
     */
    record SplitChunks(int bytes) implements Plain {
        /** Checks the value. */
        public SplitChunks {
            if (bytes < 1) {
                throw new IllegalArgumentException("chunks of " + bytes + " bytes");
            }
        }

        @Override
        public Kind kind() {
            return Kind.SPLIT_CHUNKS;
        }

        @Override
        public Set<Stage> stages() {
            return EnumSet.of(Stage.COMMAND);
        }

        @Override
        public String toString() {
            return "split " + bytes;
        }
    }

    /** Sends chunks of data that follow each other as one. That is allowed. */
    record MergeChunks() implements Plain {
        @Override
        public Kind kind() {
            return Kind.MERGE_CHUNKS;
        }

        @Override
        public Set<Stage> stages() {
            return EnumSet.of(Stage.COMMAND);
        }

        @Override
        public String toString() {
            return "merge";
        }
    }

    /**
     * Sends the second half of the first chunk of data twice, the second time in a chunk of its own. Of a block status it
     * is the whole first chunk.
     */
    record OverlapChunks() implements Plain {
        @Override
        public Kind kind() {
            return Kind.OVERLAP_CHUNKS;
        }

        @Override
        public Set<Stage> stages() {
            return EnumSet.of(Stage.COMMAND);
        }

        @Override
        public String toString() {
            return "overlap";
        }
    }

    /**
     * Leaves out the last chunk of content, and ends the answer as if all were well. A read that has only one chunk lacks
     * its second half.
     */
    record OmitChunk() implements Plain {
        @Override
        public Kind kind() {
            return Kind.OMIT_CHUNK;
        }

        @Override
        public Set<Stage> stages() {
            return EnumSet.of(Stage.COMMAND);
        }

        @Override
        public String toString() {
            return "omit";
        }
    }

    /**
     * Sends all data of a read, or of a block status, and then an error. With a simple reply, which has said that all is
     * well, a server has no choice but to close the connection: then half of the data is sent.
     *
     * @param error on the wire, not 0
     * @param message for humans, maybe empty
     */
    record ErrorAfterData(int error, String message) implements Plain {
        /** Checks the values. */
        public ErrorAfterData {
            Checks.error(error);
            Checks.message(message);
        }

        @Override
        public Kind kind() {
            return Kind.ERROR_AFTER_DATA;
        }

        @Override
        public Set<Stage> stages() {
            return EnumSet.of(Stage.COMMAND);
        }

        @Override
        public String toString() {
            return "error after data " + FaultNames.error(error) + FaultNames.message(message);
        }
    }

    /**
     * Adds, in front of a chunked answer, a chunk of a type that does not exist.
     *
     * @param type 16 bits, none of the specification's
     * @param length of its payload of zeroes in bytes, 64 Ki at most
     */
    record UnknownChunk(int type, int length) implements Plain {
        /** Checks the values. */
        public UnknownChunk {
            Checks.unknownChunk(type);
            Checks.extraLength(length);
        }

        @Override
        public Kind kind() {
            return Kind.UNKNOWN_CHUNK;
        }

        @Override
        public Set<Stage> stages() {
            return EnumSet.of(Stage.COMMAND);
        }

        @Override
        public String toString() {
            return "unknown chunk 0x" + Integer.toHexString(type) + " length " + length;
        }
    }

    /**
     * Adds, in front of an option's answer, a reply of a type that does not exist.
     *
     * @param type 32 bits, none of the specification's
     * @param length of its data of zeroes in bytes, 64 Ki at most
     */
    record UnknownOptionReply(int type, int length) implements Plain {
        /** Checks the values. */
        public UnknownOptionReply {
            Checks.unknownOptionReply(type);
            Checks.extraLength(length);
        }

        @Override
        public Kind kind() {
            return Kind.UNKNOWN_OPTION_REPLY;
        }

        @Override
        public Set<Stage> stages() {
            return EnumSet.of(Stage.OPTION);
        }

        @Override
        public String toString() {
            return "unknown reply 0x" + Integer.toHexString(type) + " length " + length;
        }
    }

    /**
     * Adds, in front of the answer to INFO or GO, an information item of a type that does not exist. A client ignores it.
     *
     * @param type 16 bits, none of the specification's
     * @param length of its data of zeroes in bytes, behind the type, 64 Ki at most
     */
    record UnknownInfo(int type, int length) implements Plain {
        /** Checks the values. */
        public UnknownInfo {
            Checks.unknownInfo(type);
            Checks.extraLength(length);
        }

        @Override
        public Kind kind() {
            return Kind.UNKNOWN_INFO;
        }

        @Override
        public Set<Stage> stages() {
            return EnumSet.of(Stage.OPTION);
        }

        @Override
        public String toString() {
            return "unknown info 0x" + Integer.toHexString(type) + " length " + length;
        }
    }

    /**
     * Sends a forged reply, in plaintext, right behind the acknowledgement of STARTTLS: what an attacker on the wire
     * would do. Another text can be sent with {@link Append}.
     */
    record PlaintextBehindAck() implements Plain {
        @Override
        public Kind kind() {
            return Kind.PLAINTEXT_BEHIND_ACK;
        }

        @Override
        public Set<Stage> stages() {
            return EnumSet.of(Stage.OPTION);
        }

        @Override
        public String toString() {
            return "plaintext";
        }
    }

    /**
     * Sends bytes behind an answer, in the same segment.
     *
     * @param hex the bytes, at least one, as pairs of hexadecimal digits
     */
    record Append(String hex) implements Plain {
        /** Checks the value. */
        public Append {
            if (hex.isEmpty()) {
                throw new IllegalArgumentException("no bytes to append");
            }
            HexFormat.of().parseHex(hex);
        }

        /** Returns the bytes, a copy. */
        public byte[] bytes() {
            return HexFormat.of().parseHex(hex);
        }

        @Override
        public Kind kind() {
            return Kind.APPEND;
        }

        @Override
        public Set<Stage> stages() {
            return EnumSet.of(Stage.CONNECT, Stage.OPTION, Stage.COMMAND);
        }

        @Override
        public String toString() {
            return "append " + hex;
        }
    }
}
