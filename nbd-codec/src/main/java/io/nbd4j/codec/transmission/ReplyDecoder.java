package io.nbd4j.codec.transmission;

import io.nbd4j.codec.Magic;
import io.nbd4j.codec.ProtocolLimits;
import io.nbd4j.codec.ProtocolViolationException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Decodes the replies of the transmission phase, simple ones, structured and extended chunks, as they stream in.
 *
 * <p>It gathers headers only. Payload is handed on as it arrives, as a view of the buffer it arrived in. It checks what
 * the bytes alone can tell: magic numbers, the lengths that belong to a type of chunk. What needs the request is the
 * listener's to check. Not thread-safe.
 */
public final class ReplyDecoder {
    /** The longest fixed part that is gathered at once: a simple reply, or half of an extended chunk's header. */
    private static final int START = 16;

    private static final int ERROR_HEAD = 6;

    /** What is behind the message of an error chunk is skipped up to here; a longer chunk is an attack. */
    private static final long MAX_ERROR_CHUNK = ProtocolLimits.MAX_SKIPPED_OPTION_DATA;

    private static final long MAX_BLOCK_STATUS = 4 + 8L * ProtocolLimits.MAX_EXTENTS;

    private static final long MAX_BLOCK_STATUS_EXT = 8 + 16L * ProtocolLimits.MAX_EXTENTS;

    /** Data is as long as a structured chunk can say at most; extended headers could say more. */
    private static final long MAX_DATA_CHUNK = 0xffff_ffffL;

    private enum State {
        START,
        CHUNK_LENGTH,
        EXTENDED_HEADER,
        DATA_OFFSET,
        HOLE,
        STATUS_CONTEXT,
        EXTENT,
        EXTENDED_STATUS_CONTEXT,
        EXTENDED_EXTENT,
        ERROR_HEAD,
        ERROR_MESSAGE,
        ERROR_OFFSET,
        PAYLOAD,
        SKIP
    }

    private final TransmissionMode mode;
    private final ReplyListener listener;
    /** Holds the start of a fixed part that came in pieces. */
    private final ByteBuf gathered = Unpooled.buffer(START, START);

    private State state = State.START;
    private boolean broken;
    private long cookie;
    private ChunkType type = ChunkType.NONE;
    private int rawType;
    private boolean done;
    /** Bytes of the chunk, or of the payload of a simple reply, that have not been consumed yet. */
    private long left;

    private boolean simple;
    private long headers;
    private int error;
    private byte[] message = new byte[0];
    private int messageFilled;

    /**
     * Creates a decoder.
     *
     * @param mode what both sides agreed on; a reply of a form that it does not have is a violation
     */
    public ReplyDecoder(TransmissionMode mode, ReplyListener listener) {
        this.mode = mode;
        this.listener = listener;
    }

    /**
     * Returns how many bytes of payload are still to come of the reply that is being received, 0 between payloads and when
     * all is discarded.
     */
    public long payloadLeft() {
        return state == State.PAYLOAD && !broken ? left : 0;
    }

    /** Returns how many simple replies and reply chunks have begun. */
    public long headersReceived() {
        return headers;
    }

    /** Returns whether the bytes so far end exactly between two replies or chunks. */
    public boolean isBetweenReplies() {
        return state == State.START && !gathered.isReadable();
    }

    /**
     * Decodes all readable bytes of {@code in}, which stays the caller's.
     *
     * @throws ProtocolViolationException if the server broke the protocol. From then on, all bytes are discarded
     */
    public void decode(ByteBuf in) {
        if (broken) {
            in.skipBytes(in.readableBytes());
            return;
        }
        boolean complete = false;
        try {
            while (in.isReadable() && step(in)) {
                // Each step consumes one part.
            }
            complete = true;
        } finally {
            if (!complete) {
                broken = true;
                in.skipBytes(in.readableBytes());
            }
        }
    }

    /** Consumes one part. Returns false if more bytes are needed first. */
    private boolean step(ByteBuf in) {
        return switch (state) {
            case START -> start(in);
            case CHUNK_LENGTH -> chunkLength(in);
            case EXTENDED_HEADER -> extendedHeader(in);
            case DATA_OFFSET -> dataOffset(in);
            case HOLE -> hole(in);
            case STATUS_CONTEXT -> statusContext(in);
            case EXTENT -> extent(in);
            case EXTENDED_STATUS_CONTEXT -> extendedStatusContext(in);
            case EXTENDED_EXTENT -> extendedExtent(in);
            case ERROR_HEAD -> errorHead(in);
            case ERROR_MESSAGE -> errorMessage(in);
            case ERROR_OFFSET -> errorOffset(in);
            case PAYLOAD -> payload(in);
            case SKIP -> skip(in);
        };
    }

    private boolean start(ByteBuf in) {
        ByteBuf part = whole(in, START);
        if (part == null) {
            return false;
        }
        int magic = part.readInt();
        headers++;
        if (magic == Magic.SIMPLE_REPLY && mode != TransmissionMode.EXTENDED) {
            error = part.readInt();
            cookie = part.readLong();
            left = listener.simpleReply(cookie, error);
            simple = true;
            if (left > 0) {
                state = State.PAYLOAD;
            }
        } else if (magic == Magic.STRUCTURED_REPLY && mode == TransmissionMode.STRUCTURED) {
            chunkHeader(part);
            state = State.CHUNK_LENGTH;
        } else if (magic == Magic.EXTENDED_REPLY && mode == TransmissionMode.EXTENDED) {
            chunkHeader(part);
            state = State.EXTENDED_HEADER;
        } else {
            throw new ProtocolViolationException(unexpected(magic));
        }
        return true;
    }

    private void chunkHeader(ByteBuf part) {
        done = (part.readUnsignedShort() & ChunkType.FLAG_DONE) != 0;
        rawType = part.readUnsignedShort();
        type = ChunkType.fromWire(rawType);
        cookie = part.readLong();
        simple = false;
    }

    private String unexpected(int magic) {
        return switch (magic) {
            case Magic.SIMPLE_REPLY -> "a simple reply, but extended headers were agreed";
            case Magic.STRUCTURED_REPLY ->
                "a structured reply chunk, but "
                        + (mode == TransmissionMode.SIMPLE
                                ? "structured replies were not agreed"
                                : "extended headers were agreed");
            case Magic.EXTENDED_REPLY -> "an extended reply chunk, but extended headers were not agreed";
            default -> "a reply starts with 0x%08x, which is no magic".formatted(magic);
        };
    }

    private boolean chunkLength(ByteBuf in) {
        ByteBuf part = whole(in, 4);
        if (part == null) {
            return false;
        }
        left = part.readUnsignedInt();
        chunk();
        return true;
    }

    private boolean extendedHeader(ByteBuf in) {
        ByteBuf part = whole(in, 16);
        if (part == null) {
            return false;
        }
        long requestOffset = part.readLong();
        left = part.readLong();
        listener.extendedChunk(cookie, requestOffset);
        chunk();
        return true;
    }

    /** Checks how long a chunk is, which is known now, and decides how its payload is read. */
    private void chunk() {
        switch (type) {
            case NONE -> {
                require(left == 0 && done);
                state = State.START;
                listener.done(cookie);
            }
            case OFFSET_DATA -> {
                require(left > 8 && left <= MAX_DATA_CHUNK);
                state = State.DATA_OFFSET;
            }
            case OFFSET_HOLE -> {
                require(left == 12);
                state = State.HOLE;
            }
            case BLOCK_STATUS -> {
                requireAgreed(mode != TransmissionMode.EXTENDED);
                require(left >= 12 && left % 8 == 4 && left <= MAX_BLOCK_STATUS);
                state = State.STATUS_CONTEXT;
            }
            case ERROR, UNKNOWN_ERROR -> {
                require(left >= ERROR_HEAD && left <= MAX_ERROR_CHUNK);
                state = State.ERROR_HEAD;
            }
            case ERROR_OFFSET -> {
                require(left >= ERROR_HEAD + 8 && left <= MAX_ERROR_CHUNK);
                state = State.ERROR_HEAD;
            }
            case BLOCK_STATUS_EXT -> {
                requireAgreed(mode == TransmissionMode.EXTENDED);
                require(left >= 24 && left % 16 == 8 && left <= MAX_BLOCK_STATUS_EXT);
                state = State.EXTENDED_STATUS_CONTEXT;
            }
            case UNKNOWN -> requireAgreed(false);
        }
    }

    private void requireAgreed(boolean agreed) {
        if (!agreed) {
            throw new ProtocolViolationException(
                    "a reply chunk of type 0x%04x, which was not agreed on".formatted(rawType));
        }
    }

    private void require(boolean legal) {
        if (!legal) {
            throw new ProtocolViolationException("a reply chunk of type " + type + " with "
                    + Long.toUnsignedString(left) + " bytes" + (done ? "" : ", not the last"));
        }
    }

    private boolean dataOffset(ByteBuf in) {
        ByteBuf part = whole(in, 8);
        if (part == null) {
            return false;
        }
        long offset = part.readLong();
        left -= 8;
        state = State.PAYLOAD;
        listener.data(cookie, offset, left);
        return true;
    }

    private boolean hole(ByteBuf in) {
        ByteBuf part = whole(in, 12);
        if (part == null) {
            return false;
        }
        long offset = part.readLong();
        long length = part.readUnsignedInt();
        if (length == 0) {
            throw new ProtocolViolationException("a hole of no bytes");
        }
        listener.hole(cookie, offset, length);
        endChunk();
        return true;
    }

    private boolean statusContext(ByteBuf in) {
        ByteBuf part = whole(in, 4);
        if (part == null) {
            return false;
        }
        int context = part.readInt();
        left -= 4;
        state = State.EXTENT;
        listener.blockStatus(cookie, context);
        return true;
    }

    private boolean extent(ByteBuf in) {
        ByteBuf part = whole(in, 8);
        if (part == null) {
            return false;
        }
        left -= 8;
        extent(part.readUnsignedInt(), part.readUnsignedInt());
        return true;
    }

    private boolean extendedStatusContext(ByteBuf in) {
        ByteBuf part = whole(in, 8);
        if (part == null) {
            return false;
        }
        int context = part.readInt();
        long extents = part.readUnsignedInt();
        left -= 8;
        if (extents != left / 16) {
            throw new ProtocolViolationException(
                    "a block status chunk that counts " + extents + " extents has " + left / 16);
        }
        state = State.EXTENDED_EXTENT;
        listener.blockStatus(cookie, context);
        return true;
    }

    private boolean extendedExtent(ByteBuf in) {
        ByteBuf part = whole(in, 16);
        if (part == null) {
            return false;
        }
        left -= 16;
        long length = part.readLong();
        extent(length < 0 ? Long.MAX_VALUE : length, part.readLong());
        return true;
    }

    private void extent(long length, long statusFlags) {
        if (length == 0) {
            throw new ProtocolViolationException("an extent of no bytes");
        }
        listener.extent(length, statusFlags);
        if (left == 0) {
            endChunk();
        }
    }

    private boolean errorHead(ByteBuf in) {
        ByteBuf part = whole(in, ERROR_HEAD);
        if (part == null) {
            return false;
        }
        error = part.readInt();
        int messageLength = part.readUnsignedShort();
        left -= ERROR_HEAD;
        int behindMessage = type == ChunkType.ERROR_OFFSET ? 8 : 0;
        if (messageLength > left - behindMessage || messageLength > ProtocolLimits.MAX_STRING) {
            // nbd-server 3.26 sends the length in the wrong byte order. The chunk's own length keeps us in step, so
            // the error counts and the text is given up.
            errorKnown(-1, "");
            return true;
        }
        message = new byte[messageLength];
        messageFilled = 0;
        state = State.ERROR_MESSAGE;
        if (messageLength == 0) {
            messageComplete();
        }
        return true;
    }

    private boolean errorMessage(ByteBuf in) {
        int length = Math.min(in.readableBytes(), message.length - messageFilled);
        in.readBytes(message, messageFilled, length);
        messageFilled += length;
        left -= length;
        if (messageFilled < message.length) {
            return false;
        }
        messageComplete();
        return true;
    }

    private void messageComplete() {
        if (type == ChunkType.ERROR_OFFSET) {
            state = State.ERROR_OFFSET;
        } else {
            errorKnown(-1, new String(message, StandardCharsets.UTF_8));
        }
    }

    private boolean errorOffset(ByteBuf in) {
        ByteBuf part = whole(in, 8);
        if (part == null) {
            return false;
        }
        long offset = part.readLong();
        left -= 8;
        errorKnown(offset, new String(message, StandardCharsets.UTF_8));
        return true;
    }

    private void errorKnown(long errorOffset, String text) {
        listener.error(cookie, error, errorOffset, text);
        if (left > 0) {
            state = State.SKIP;
        } else {
            endChunk();
        }
    }

    private boolean payload(ByteBuf in) {
        int length = (int) Math.min(left, in.readableBytes());
        int readerIndex = in.readerIndex();
        listener.payload(in, length);
        in.readerIndex(readerIndex + length);
        left -= length;
        if (left > 0) {
            return false;
        }
        listener.payloadEnd();
        if (simple) {
            state = State.START;
        } else {
            endChunk();
        }
        return true;
    }

    private boolean skip(ByteBuf in) {
        int length = (int) Math.min(left, in.readableBytes());
        in.skipBytes(length);
        left -= length;
        if (left > 0) {
            return false;
        }
        endChunk();
        return true;
    }

    private void endChunk() {
        state = State.START;
        if (done) {
            listener.done(cookie);
        }
    }

    /**
     * Returns a buffer whose next {@code length} bytes are the part that is wanted: {@code in} itself, or the gathered
     * bytes if the part came in pieces; null if it is not complete yet.
     */
    private @Nullable ByteBuf whole(ByteBuf in, int length) {
        if (!gathered.isReadable()) {
            if (in.readableBytes() >= length) {
                return in;
            }
            gathered.clear();
        }
        in.readBytes(gathered, Math.min(in.readableBytes(), length - gathered.readableBytes()));
        return gathered.readableBytes() == length ? gathered : null;
    }
}
