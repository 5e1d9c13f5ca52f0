package io.nbd4j.testkit.internal;

import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.transmission.ExtendedReplyEncoder;
import io.nbd4j.codec.transmission.ReplyEncoder;
import io.nbd4j.codec.transmission.TransmissionMode;
import io.netty.buffer.ByteBuf;

/** Writes the messages of replies, in the form that was agreed on, for one request after the other. */
final class ReplyWriter {
    /** Enough for any message without data, but for a long text. */
    private static final int SMALL = 256;

    /** A string of the protocol has 4096 bytes at most; a character has three. */
    private static final int MAX_TEXT = 1000;

    /** What {@link #data} writes at most in front of the data. */
    private static final int DATA_HEADER = ExtendedReplyEncoder.OFFSET_DATA_LENGTH;

    /** What stands in front of the extents of a block status chunk, with extended headers. */
    private static final int EXTENDED_STATUS_HEADER = ExtendedReplyEncoder.CHUNK_HEADER_LENGTH + 4 + 4;

    /** What stands in front of the extents of a block status chunk, with compact headers. */
    private static final int STATUS_HEADER = ReplyEncoder.CHUNK_HEADER_LENGTH + 4;

    private final TransmissionMode mode;
    private final ReplySink sink;

    private long cookie;
    private long requestOffset;
    private int partStart;

    ReplyWriter(TransmissionMode mode, ReplySink sink) {
        this.mode = mode;
        this.sink = sink;
    }

    /** Makes everything from now on an answer to this request. */
    void begin(int flags, CommandType type, long requestCookie, long offset, long length) {
        cookie = requestCookie;
        requestOffset = offset;
        sink.begin(flags, type, requestCookie, offset, length);
    }

    boolean hasChunks() {
        return mode != TransmissionMode.SIMPLE;
    }

    boolean hasExtendedHeaders() {
        return mode == TransmissionMode.EXTENDED;
    }

    /** The whole reply: the request succeeded, and there is nothing more to say. */
    void success() {
        if (hasExtendedHeaders()) {
            ExtendedReplyEncoder.none(sink.room(SMALL), cookie, requestOffset);
        } else {
            ReplyEncoder.simpleReply(sink.room(SMALL), 0, cookie);
        }
        sink.appended(true, true);
    }

    /** The whole reply: a read of nothing succeeded, which takes a chunk where reads are answered with chunks. */
    void emptyData() {
        if (mode == TransmissionMode.STRUCTURED) {
            ReplyEncoder.none(sink.room(SMALL), cookie);
            sink.appended(true, true);
        } else {
            success();
        }
    }

    /** The end of a reply: the request failed. */
    void failure(NbdError error, String message) {
        ByteBuf out = sink.room(SMALL);
        String text = message.substring(0, Math.min(message.length(), MAX_TEXT));
        switch (mode) {
            case SIMPLE -> ReplyEncoder.simpleReply(out, error.wire(), cookie);
            case STRUCTURED -> ReplyEncoder.error(out, true, cookie, error.wire(), text);
            case EXTENDED -> ExtendedReplyEncoder.error(out, true, cookie, requestOffset, error.wire(), text);
        }
        sink.appended(true, true);
    }

    /**
     * Begins a part that carries data: a chunk, or a piece of a simple reply. The caller appends exactly {@code length}
     * bytes to the buffer that is returned, then calls {@link #dataComplete}; or it takes the part back, by setting the
     * writer index to {@link #partStart}.
     *
     * @param first whether it is the first of this reply
     * @param last whether it is the last
     */
    ByteBuf data(boolean first, boolean last, long offset, int length) {
        ByteBuf out = sink.room(DATA_HEADER + length);
        partStart = out.writerIndex();
        switch (mode) {
            case SIMPLE -> {
                if (first) {
                    ReplyEncoder.simpleReply(out, 0, cookie);
                }
            }
            case STRUCTURED -> ReplyEncoder.offsetData(out, last, cookie, offset, length);
            case EXTENDED -> ExtendedReplyEncoder.offsetData(out, last, cookie, requestOffset, offset, length);
        }
        return out;
    }

    /** Returns where in its buffer the part with data starts that was begun last. */
    int partStart() {
        return partStart;
    }

    void dataComplete(boolean last) {
        sink.appended(last || hasChunks(), last);
    }

    /** A chunk that names a hole. */
    void hole(boolean last, long offset, int length) {
        ByteBuf out = sink.room(SMALL);
        if (hasExtendedHeaders()) {
            ExtendedReplyEncoder.offsetHole(out, last, cookie, requestOffset, offset, length);
        } else {
            ReplyEncoder.offsetHole(out, last, cookie, offset, length);
        }
        sink.appended(true, last);
    }

    /** A chunk with all the extents of {@code status}, at least one. */
    void blockStatus(boolean last, int contextId, ExtentList status) {
        int extents = status.size();
        if (hasExtendedHeaders()) {
            ByteBuf out = sink.room(EXTENDED_STATUS_HEADER + 16 * extents);
            ExtendedReplyEncoder.blockStatus(out, last, cookie, requestOffset, contextId, extents);
            for (int i = 0; i < extents; i++) {
                ExtendedReplyEncoder.extent(out, status.length(i), status.status(i));
            }
        } else {
            ByteBuf out = sink.room(STATUS_HEADER + 8 * extents);
            ReplyEncoder.blockStatus(out, last, cookie, contextId, extents);
            for (int i = 0; i < extents; i++) {
                ReplyEncoder.extent(out, (int) status.length(i), (int) status.status(i));
            }
        }
        sink.appended(true, last);
    }
}
