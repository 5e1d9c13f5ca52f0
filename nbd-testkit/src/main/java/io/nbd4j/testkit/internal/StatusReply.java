package io.nbd4j.testkit.internal;

import io.nbd4j.codec.NbdError;
import io.nbd4j.testkit.ExportException;
import io.nbd4j.testkit.MetaContext;
import java.util.List;

/** The reply to a block status request: a chunk for each context. One object serves one connection. */
final class StatusReply implements LongReply {
    /** The most extents in a chunk. They fit into what {@link ReplyBatch} passes on at once. */
    static final int MAX_EXTENTS = 4096;

    /** How often a context is asked for one chunk, however short its extents are: the event loop has other work, too. */
    static final int MAX_STEPS = 65536;

    private static final long MAX_COMPACT_STATUS = 0xffff_ffffL;

    private final ReplyWriter writer;
    private final int maxExtents;
    private final ExtentList extents = new ExtentList();

    private List<ServedContext> contexts = List.of();
    private int next;
    private boolean oneExtent;
    private long start;
    private long end;

    /**
     * Creates the maker of such replies.
     *
     * @param maximumPayload what no chunk exceeds, in bytes
     */
    StatusReply(ReplyWriter writer, long maximumPayload) {
        this.writer = writer;
        long fitting = writer.hasExtendedHeaders() ? (maximumPayload - 8) / 16 : (maximumPayload - 4) / 8;
        this.maxExtents = (int) Math.max(1, Math.min(MAX_EXTENTS, fitting));
    }

    /**
     * Begins the reply for a range of at least one byte. The one before must be over.
     *
     * @param ofContexts not empty
     * @param one whether the client wants a single extent of each context
     */
    void start(List<ServedContext> ofContexts, boolean one, long offset, long length) {
        contexts = ofContexts;
        next = 0;
        oneExtent = one;
        start = offset;
        end = offset + length;
    }

    @Override
    public boolean isOver() {
        return next == contexts.size();
    }

    @Override
    public boolean isCommitted() {
        return false;
    }

    @Override
    public void next() throws ExportException {
        int index = next;
        next = contexts.size(); // If it fails.
        ServedContext context = contexts.get(index);
        collect(context.context());
        next = index + 1;
        writer.blockStatus(isOver(), context.id(), extents);
    }

    /** Collects as many extents as there is room for. The first one is there in any case. */
    private void collect(MetaContext context) throws ExportException {
        extents.clear();
        int most = oneExtent ? 1 : maxExtents;
        long at = start;
        for (int step = 0; at < end && step < MAX_STEPS; step++) {
            MetaContext.Extent extent = context.extentAt(at, end);
            if (extents.size() == most && !extents.continues(extent.status())) {
                return;
            }
            if (!writer.hasExtendedHeaders() && (extent.status() < 0 || extent.status() > MAX_COMPACT_STATUS)) {
                throw new ExportException(NbdError.EIO, "a status of more than 32 bits needs extended headers");
            }
            long length = Math.min(extent.length(), end - at);
            extents.add(length, extent.status());
            at += length;
        }
    }
}
