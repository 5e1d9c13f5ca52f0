package io.nbd4j.testkit.internal;

import io.nbd4j.codec.NbdError;
import io.nbd4j.testkit.Export;
import io.nbd4j.testkit.ExportException;
import io.netty.buffer.ByteBuf;

/**
 * The reply to a read, made piece by piece as the client takes it, so that a read of 32 MiB does not need as much memory.
 * One object serves all reads of a connection, one after the other.
 */
final class ReadReply implements LongReply {
    /** The most content that is made at once. */
    static final int PIECE = 256 * 1024;

    /** The longest read that may ask not to be fragmented; the specification wants 64 KiB at least. */
    static final int MAX_UNFRAGMENTED = 1024 * 1024;

    private final Export export;
    private final boolean holes;
    private final ReplyWriter writer;

    private boolean fragmentable;
    private boolean begun;
    private long at;
    private long end;

    ReadReply(ServedExport served, ReplyWriter writer) {
        this.export = served.export();
        this.holes = served.settings().holes() && writer.hasChunks();
        this.writer = writer;
    }

    /** Begins the reply to a read of at least one byte. The one before must be over. */
    void start(boolean mayFragment, long offset, long length) {
        fragmentable = mayFragment;
        begun = false;
        at = offset;
        end = offset + length;
    }

    @Override
    public boolean isOver() {
        return at == end;
    }

    @Override
    public boolean isCommitted() {
        return begun && !writer.hasChunks();
    }

    @Override
    public void next() throws ExportException {
        long start = at;
        long limit = end;
        at = end; // If it fails.
        if (holes && fragmentable) {
            long data = export.nextData(start, limit);
            if (data > start) {
                writer.hole(data == limit, start, (int) (data - start));
                at = data;
                return;
            }
            limit = export.nextHole(start, limit);
        }
        int length = (int) (fragmentable ? Math.min(limit - start, PIECE) : limit - start);
        content(start, length);
        at = start + length;
    }

    private void content(long offset, int length) throws ExportException {
        boolean last = offset + length == end;
        ByteBuf out = writer.data(!begun, last, offset, length);
        int contentStart = out.writerIndex();
        int start = writer.partStart();
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
        begun = true;
        writer.dataComplete(last);
    }
}
