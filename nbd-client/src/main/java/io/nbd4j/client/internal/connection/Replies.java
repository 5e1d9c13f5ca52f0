package io.nbd4j.client.internal.connection;

import io.nbd4j.client.CommandRefusedException;
import io.nbd4j.client.NbdException;
import io.nbd4j.client.NbdProtocolException;
import io.nbd4j.client.RequestFate;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.ProtocolViolationException;
import io.nbd4j.codec.ServerText;
import io.nbd4j.codec.transmission.ReplyListener;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Matches what the server sends with what it was asked, puts payload into its place, and ends the commands.
 *
 * <p>What can be told to concern one request only fails that request. What leaves the meaning of the stream in doubt is a
 * violation, and ends the connection.
 */
final class Replies implements ReplyListener, ReceiveBuffers.Plan {
    /** A read from this length on is received straight into its destination: below, one copy is cheaper than a call. */
    private static final int LARGE_READ = 128 * 1024;
    /** What is left of a large read is received directly down to here; the rest comes with what follows it. */
    private static final int MIN_WINDOW = 4096;

    /** With so many answers owed the connection is busy. */
    private static final int MUCH_OWED = 8;
    /** How much of the server's words goes into an exception, in characters. */
    private static final int MAX_SERVER_TEXT = 512;

    private final Connection connection;
    private final InFlightTable inFlight;
    private final boolean structuredReplies;

    /** The read whose payload is arriving, null between payloads. */
    private @Nullable ReadCommand<?> current;
    /** Where the next byte of the payload goes, as an index of the destination. */
    private int currentIndex;

    private boolean currentIsSimple;
    private @Nullable ByteBuf window;
    private int largeReads;
    private boolean shutdownSeen;
    private long received;
    private long bytesDirect;
    private long bytesCopied;

    Replies(Connection connection, InFlightTable inFlight, boolean structuredReplies) {
        this.connection = connection;
        this.inFlight = inFlight;
        this.structuredReplies = structuredReplies;
    }

    /** A command is about to be sent. */
    void expect(Command<?> command) {
        if (isLarge(command)) {
            largeReads++;
        }
    }

    private static boolean isLarge(Command<?> command) {
        return command.type == CommandType.READ && command.length >= LARGE_READ;
    }

    long received() {
        return received;
    }

    long bytesDirect() {
        return bytesDirect;
    }

    long bytesCopied() {
        return bytesCopied;
    }

    // ---- Where to receive

    @Override
    public @Nullable ByteBuf window() {
        window = null;
        ReadCommand<?> read = current;
        if (read != null && isLarge(read)) {
            long left = connection.payloadLeft();
            if (left >= MIN_WINDOW) {
                window = read.window(currentIndex, (int) left);
            }
        }
        return window;
    }

    @Override
    public boolean isLargeReadOwed() {
        return largeReads > 0;
    }

    @Override
    public boolean isMuchOwed() {
        return inFlight.size() >= MUCH_OWED;
    }

    // ---- What was received

    @Override
    public int simpleReply(long cookie, int error) {
        Command<?> command = inFlight.get(cookie);
        if (error != 0) {
            refuse(command, error, -1, "");
            finish(command);
            return 0;
        }
        if (command instanceof ReadCommand<?> read) {
            if (structuredReplies) {
                throw new ProtocolViolationException("a simple reply to a read, though structured replies were agreed");
            }
            current = read;
            currentIndex = read.index;
            currentIsSimple = true;
            read.cover(read.offset, read.length);
            return (int) read.length;
        }
        finish(command);
        return 0;
    }

    @Override
    public void data(long cookie, long offset, long length) {
        ReadCommand<?> read = part(cookie, offset, length, "data");
        current = read;
        currentIndex = read.index + (int) (offset - read.offset);
        currentIsSimple = false;
    }

    @Override
    @SuppressWarnings(
            "ReferenceEquality") // is it the very window that was handed out, or another buffer with its bytes?
    public void payload(ByteBuf in, int length) {
        ReadCommand<?> read = current;
        if (read != null) {
            if (in == window) {
                bytesDirect += length;
            } else {
                read.fill(currentIndex, in, length);
                bytesCopied += length;
            }
            currentIndex += length;
        }
    }

    @Override
    public void payloadEnd() {
        ReadCommand<?> read = current;
        current = null;
        window = null;
        if (currentIsSimple && read != null) {
            finish(read);
        }
    }

    @Override
    public void hole(long cookie, long offset, long length) {
        ReadCommand<?> read = part(cookie, offset, length, "a hole");
        read.zero(read.index + (int) (offset - read.offset), (int) length);
    }

    /** Returns the read that a part of the answer belongs to, after the checks of the part's range. */
    private ReadCommand<?> part(long cookie, long offset, long length, String what) {
        Command<?> command = inFlight.get(cookie);
        if (!(command instanceof ReadCommand<?> read)) {
            throw new ProtocolViolationException(what + " in the answer to " + command.type);
        }
        if (!read.contains(offset, length)) {
            throw new ProtocolViolationException("%s at %s, length %s, in the answer to a read of %s"
                    .formatted(what, Long.toUnsignedString(offset), Long.toUnsignedString(length), read.range()));
        }
        boolean fragmented = read.isUnfragmented() && read.isBegun();
        if (!read.cover(offset, length) && read.refusal == null) {
            read.refusal = broken(read, "the server sent a part of the range twice");
        } else if (fragmented && read.refusal == null) {
            read.refusal = broken(read, "the server sent several parts, though it was asked not to (DF)");
        }
        return read;
    }

    @Override
    public void blockStatus(long cookie, int contextId) {
        Command<?> command = inFlight.get(cookie);
        throw new ProtocolViolationException("block status in the answer to " + command.type);
    }

    @Override
    public void extent(long length, long statusFlags) {
        throw new ProtocolViolationException("an extent that belongs to nothing");
    }

    @Override
    public void error(long cookie, int error, long errorOffset, String message) {
        refuse(inFlight.get(cookie), error, errorOffset, message);
    }

    @Override
    public void done(long cookie) {
        Command<?> command = inFlight.get(cookie);
        if (command instanceof ReadCommand<?> read && read.refusal == null && !read.isCovered()) {
            read.refusal = broken(read, "the server sent less than was asked for");
        }
        finish(command);
    }

    private void refuse(Command<?> command, int error, long errorOffset, String message) {
        if (command.refusal == null) {
            command.refusal = error == 0
                    ? broken(command, "the server reported an error without saying which")
                    : new CommandRefusedException(
                            command.type,
                            command.range(),
                            error,
                            errorOffset,
                            ServerText.escape(message, MAX_SERVER_TEXT));
        }
        if (error == NbdError.ESHUTDOWN.wire() && !shutdownSeen) {
            shutdownSeen = true;
            connection.serverShutsDown();
        }
    }

    private static NbdProtocolException broken(Command<?> command, String what) {
        return new NbdProtocolException(what, RequestFate.UNKNOWN, command.type, command.range(), null);
    }

    private void finish(Command<?> command) {
        if (isLarge(command)) {
            largeReads--;
        }
        received++;
        NbdException failure = command.refusal;
        if (failure != null && command instanceof ReadCommand<?> read && isWorthAPlainRead(read, failure)) {
            read.startOver();
            connection.sendAgain(read);
        } else {
            connection.answered(command, failure);
        }
    }

    /**
     * Returns whether a read that was refused may succeed without DF: EOVERFLOW says that it is too long for one part. EINVAL
     * is what nbd-server 3.26 gives for every such read, though it advertises DF.
     */
    private boolean isWorthAPlainRead(ReadCommand<?> read, NbdException failure) {
        return read.isUnfragmented()
                && failure instanceof CommandRefusedException
                && (failure.errno() == NbdError.EOVERFLOW || failure.errno() == NbdError.EINVAL)
                && !shutdownSeen
                && read.destination != null;
    }
}
