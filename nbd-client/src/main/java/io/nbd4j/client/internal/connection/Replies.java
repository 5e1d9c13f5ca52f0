package io.nbd4j.client.internal.connection;

import io.nbd4j.client.CommandRefusedException;
import io.nbd4j.client.NbdException;
import io.nbd4j.client.NbdProtocolException;
import io.nbd4j.client.NbdRange;
import io.nbd4j.client.RequestFate;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.ProtocolViolationException;
import io.nbd4j.codec.ServerText;
import io.nbd4j.codec.transmission.ReplyListener;
import io.nbd4j.codec.transmission.TransmissionMode;
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
    private static final int LARGE_READ = 64 * 1024;
    /** What is left of a large read is received directly down to here; the rest comes with what follows it. */
    private static final int MIN_WINDOW = 4096;

    /** With so many answers owed the connection is busy. */
    private static final int MUCH_OWED = 8;
    /** How much of the server's words goes into an exception, in characters. */
    private static final int MAX_SERVER_TEXT = 512;

    private final Connection connection;
    private final InFlightTable inFlight;
    private final boolean readsInChunks;

    /** The read whose payload is arriving; null between payloads, and for one that is thrown away. */
    private @Nullable ReadCommand<?> current;
    /** Where the next byte of the payload goes, as an index of the destination. */
    private int currentIndex;
    /** Where the payload began, as an offset of the export. */
    private long currentOffset;

    private boolean currentIsSimple;
    private @Nullable ByteBuf window;
    /** The block status whose extents are arriving. */
    private @Nullable StatusCommand currentStatus;
    /** Where they go, null if nobody wants them. */
    private @Nullable ExtentList currentExtents;

    private int largeReads;
    private boolean shutdownSeen;
    private long received;
    private long bytesDirect;
    private long bytesCopied;

    Replies(Connection connection, InFlightTable inFlight, TransmissionMode mode) {
        this.connection = connection;
        this.inFlight = inFlight;
        this.readsInChunks = mode != TransmissionMode.SIMPLE;
    }

    /** A command is about to be sent. */
    void expect(Command<?> command) {
        if (isLarge(command)) {
            largeReads++;
        }
    }

    static boolean isLarge(Command<?> command) {
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

    /** Returns whether a part of a large payload has come, and more of it has to. */
    boolean isWithinLargePayload() {
        ReadCommand<?> read = current;
        return read != null && isLarge(read);
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
            if (readsInChunks) {
                throw new ProtocolViolationException("a simple reply to a read, though structured replies were agreed");
            }
            if (read.length == 0) {
                // Sent only if the user wants to know what the server makes of it; no payload will end it.
                finish(read);
                return 0;
            }
            read.cover(read.offset, read.length);
            currentIsSimple = true;
            begin(read, read.offset, (int) read.length);
            return (int) read.length;
        }
        if (command instanceof StatusCommand status) {
            status.answered();
        }
        finish(command);
        return 0;
    }

    @Override
    public void extendedChunk(long cookie, long requestOffset) {
        Command<?> command = inFlight.get(cookie);
        if (command.offset != requestOffset) {
            throw new ProtocolViolationException("an answer to %s at %d gives the offset %s"
                    .formatted(command.type, command.offset, Long.toUnsignedString(requestOffset)));
        }
    }

    @Override
    public void data(long cookie, long offset, long length) {
        ReadCommand<?> read = part(cookie, offset, length, "data");
        currentIsSimple = false;
        if (read.refusal == null || read instanceof ChunkRead) {
            begin(read, offset, (int) length);
        }
    }

    /** Payload is about to arrive that belongs to {@code read}, which has to hold that much. */
    private void begin(ReadCommand<?> read, long offset, int length) {
        current = read;
        currentOffset = offset;
        if (read instanceof ChunkRead chunks) {
            chunks.beginData(length);
            currentIndex = 0;
        } else {
            currentIndex = read.index + (int) (offset - read.offset);
        }
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
        if (read instanceof ChunkRead chunks) {
            chunks.endData(currentOffset);
            if (currentIsSimple) {
                // Looked up again: what the listener did may have brought the connection to its end.
                finish(inFlight.get(chunks.cookie));
            }
        } else if (currentIsSimple && read != null) {
            finish(read);
        }
    }

    @Override
    public void hole(long cookie, long offset, long length) {
        ReadCommand<?> read = part(cookie, offset, length, "a hole");
        if (read instanceof ChunkRead chunks) {
            chunks.hole(offset, length);
        } else if (read.refusal == null) {
            // Else a server that sends the same hole again and again has us do much for a few bytes of its own.
            read.zero(read.index + (int) (offset - read.offset), (int) length);
        }
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
        if (read.refusal == null) {
            boolean fragmented = read.isUnfragmented() && read.isBegun();
            String wrong = read.cover(offset, length);
            if (wrong == null && fragmented) {
                wrong = "the server sent several parts, though it was asked not to (DF)";
            }
            if (wrong != null) {
                read.refusal = broken(read, wrong);
            }
        }
        return read;
    }

    @Override
    public void blockStatus(long cookie, int contextId) {
        Command<?> command = inFlight.get(cookie);
        if (!(command instanceof StatusCommand status)) {
            throw new ProtocolViolationException("block status in the answer to " + command.type);
        }
        currentStatus = status;
        currentExtents = status.begin(contextId);
    }

    @Override
    public void extent(long length, long statusFlags) {
        StatusCommand status = currentStatus;
        ExtentList extents = currentExtents;
        if (status != null && extents != null) {
            status.add(extents, length, statusFlags);
        }
    }

    @Override
    public void error(long cookie, int error, long errorOffset, String message) {
        Command<?> command = inFlight.get(cookie);
        refuse(command, error, errorOffset, message);
        if (command instanceof ChunkRead chunks) {
            chunks.error(error, errorOffset, ServerText.escape(message, MAX_SERVER_TEXT));
        }
    }

    @Override
    public void done(long cookie) {
        Command<?> command = inFlight.get(cookie);
        if (command instanceof ReadCommand<?> read) {
            if (read.refusal == null && !read.isCovered() && !read.isGivenUp()) {
                read.refusal = broken(read, "the server sent less than was asked for");
            }
        } else if (command instanceof StatusCommand status) {
            statusDone(status);
            return;
        }
        finish(command);
    }

    private void statusDone(StatusCommand status) {
        currentStatus = null;
        currentExtents = null;
        status.answered();
        if (shutdownSeen || !status.advance()) {
            finish(status);
            return;
        }
        Loss abandoned = connection.refusal();
        if (abandoned == null) {
            received++;
            connection.sendAgain(status);
        } else {
            // As for any other request of which a part was sent, and the rest is not any more.
            status.refusal =
                    abandoned.toException(RequestFate.UNKNOWN, status.type, NbdRange.of(status.offset, status.length));
            finish(status);
        }
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
     * is what nbd-server 3.26 gives for every such read, though it advertises DF; a server that does not advertise it is right
     * to, and was asked on purpose. A caller who wants to see the chunks wants the one that he asked for, and no others.
     */
    private boolean isWorthAPlainRead(ReadCommand<?> read, NbdException failure) {
        return read.isUnfragmented()
                && failure instanceof CommandRefusedException
                && (failure.errno() == NbdError.EOVERFLOW || failure.errno() == NbdError.EINVAL)
                && !shutdownSeen
                && !(read instanceof ChunkRead)
                && connection.isDfAdvertised()
                && read.destination != null;
    }
}
