package io.nbd4j.testkit.internal;

import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.transmission.ReplyEncoder;
import io.nbd4j.testkit.Export;
import io.nbd4j.testkit.ExportException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;

/**
 * The reply to a read, made piece by piece as the client takes it, so that a read of 32 MiB does not need as much memory.
 * One object serves all reads of a connection, one after the other.
 */
final class ReadReply {
    /** The most content that is made at once. */
    static final int PIECE = 256 * 1024;

    /** The longest read that may ask not to be fragmented; the specification wants 64 KiB at least. */
    static final int MAX_UNFRAGMENTED = 1024 * 1024;

    private static final int HOLE_LENGTH = ReplyEncoder.OFFSET_DATA_LENGTH + 4;

    private final Export export;
    private final boolean structuredReplies;
    private final boolean holes;
    private final ReplyBatch replies;

    private long cookie;
    private boolean fragmentable;
    private boolean headerSent;
    private long at;
    private long end;

    ReadReply(ServedExport served, boolean structuredReplies, ReplyBatch replies) {
        this.export = served.export();
        this.structuredReplies = structuredReplies;
        this.holes = served.holes();
        this.replies = replies;
    }

    /** Begins the reply to a read of at least one byte. The one before must be over. */
    void start(boolean mayFragment, long readCookie, long offset, long length) {
        cookie = readCookie;
        fragmentable = mayFragment;
        headerSent = false;
        at = offset;
        end = offset + length;
    }

    boolean isOver() {
        return at == end;
    }

    long cookie() {
        return cookie;
    }

    /** Returns whether an error can no longer be told: a simple reply has said that all is well. */
    boolean isCommitted() {
        return headerSent;
    }

    /**
     * Makes the next piece.
     *
     * @throws ExportException if there is none; the reply is over then, and lacks its end
     */
    void next(ChannelHandlerContext ctx) throws ExportException {
        long start = at;
        long limit = end;
        at = end; // If it fails.
        if (structuredReplies && holes && fragmentable) {
            long data = export.nextData(start, limit);
            if (data > start) {
                ByteBuf out = replies.room(ctx, HOLE_LENGTH);
                ReplyEncoder.offsetHole(out, data == limit, cookie, start, (int) (data - start));
                at = data;
                return;
            }
            limit = export.nextHole(start, limit);
        }
        int length = (int) (fragmentable ? Math.min(limit - start, PIECE) : limit - start);
        content(ctx, start, length);
        at = start + length;
    }

    private void content(ChannelHandlerContext ctx, long offset, int length) throws ExportException {
        ByteBuf out = replies.room(ctx, ReplyEncoder.OFFSET_DATA_LENGTH + length);
        int start = out.writerIndex();
        if (structuredReplies) {
            ReplyEncoder.offsetData(out, offset + length == end, cookie, offset, length);
        } else if (!headerSent) {
            ReplyEncoder.simpleReply(out, 0, cookie);
        }
        int contentStart = out.writerIndex();
        boolean complete = false;
        try {
            export.read(offset, out, length);
            complete = out.writerIndex() - contentStart == length;
        } finally {
            if (!complete) {
                out.writerIndex(start); // Takes the header back.
            }
        }
        if (!complete) {
            throw new ExportException(NbdError.EIO, "the export gave less or more than it was asked for");
        }
        headerSent = !structuredReplies;
    }
}
