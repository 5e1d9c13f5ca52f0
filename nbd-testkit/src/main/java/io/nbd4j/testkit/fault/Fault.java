package io.nbd4j.testkit.fault;

import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.handshake.OptionReplyType;
import java.time.Duration;
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
    sealed interface Plain extends Fault
            permits Append,
                    Delay,
                    Drop,
                    Duplicate,
                    ErrorAfterData,
                    HalfClose,
                    MergeChunks,
                    OmitChunk,
                    OverlapChunks,
                    OversizedLength,
                    PlaintextBehindAck,
                    RefuseCommand,
                    RefuseOption,
                    Reorder,
                    Reset,
                    Silence,
                    SplitChunks,
                    Truncate,
                    UnknownChunk,
                    UnknownInfo,
                    UnknownOptionReply,
                    WrongCookie,
                    WrongLength,
                    WrongMagic {}

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
}
