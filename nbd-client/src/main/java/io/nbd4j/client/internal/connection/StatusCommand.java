package io.nbd4j.client.internal.connection;

import io.nbd4j.client.BlockStatus;
import io.nbd4j.client.Extent;
import io.nbd4j.client.MetaContext;
import io.nbd4j.client.NbdProtocolException;
import io.nbd4j.client.NbdRange;
import io.nbd4j.client.RequestFate;
import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.CommandType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A block status. One that is longer than a request can say is asked for part by part, each where the one before has ended,
 * as long as the answers are complete: the answers of many parts at once could take any amount of memory.
 */
final class StatusCommand extends Command<BlockStatus> {
    /** The bits of {@code base:allocation} that have a meaning. */
    private static final long ALLOCATION_FLAGS = 0b11;

    private static final long ALL_FLAGS = -1;

    private final List<MetaContext> contexts;
    private final boolean filtered;
    private final long maxPart;
    private final ExtentList[] lists;

    private long partOffset;
    private long partLength;

    /**
     * Creates a block status.
     *
     * @param contexts those that an answer is wanted for
     * @param filtered whether the server is told which these are; otherwise they are all that it has selected
     * @param maxPart how much a request can be about
     */
    StatusCommand(
            Connection connection,
            int flags,
            long offset,
            long length,
            List<MetaContext> contexts,
            boolean filtered,
            long maxPart) {
        super(connection, CommandType.BLOCK_STATUS, flags, offset, length);
        this.contexts = contexts;
        this.filtered = filtered;
        this.maxPart = maxPart;
        this.lists = new ExtentList[contexts.size()];
        for (int i = 0; i < lists.length; i++) {
            boolean allocation = contexts.get(i).name().equals(MetaContext.BASE_ALLOCATION);
            lists[i] = new ExtentList(offset, allocation ? ALLOCATION_FLAGS : ALL_FLAGS);
        }
        expectPart(offset);
    }

    private void expectPart(long from) {
        partOffset = from;
        partLength = Math.min(maxPart, offset + length - from);
        for (ExtentList list : lists) {
            list.expect(from + partLength);
        }
    }

    /** Returns where the part of the range begins that is asked for now. */
    long partOffset() {
        return partOffset;
    }

    /** Returns how long the part of the range is that is asked for now. */
    long partLength() {
        return partLength;
    }

    /** Returns the contexts that the server is asked to look at, null for all. */
    int @Nullable [] filter() {
        return filtered ? contexts.stream().mapToInt(MetaContext::id).toArray() : null;
    }

    @Override
    @Nullable
    NbdRange range() {
        return length == 0 ? null : NbdRange.of(partOffset, partLength);
    }

    // ---- The answer

    /** The extents of a context begin. Returns where they go; null if nobody wants them. */
    @Nullable
    ExtentList begin(int contextId) {
        if (isEnded()) {
            return null;
        }
        for (int i = 0; i < lists.length; i++) {
            if (contexts.get(i).id() == contextId) {
                if (!lists[i].begin()) {
                    broken("the server told the status of " + contexts.get(i).name() + " twice");
                    return null;
                }
                return lists[i];
            }
        }
        return null;
    }

    void add(ExtentList list, long extentLength, long status) {
        if (!list.add(extentLength, status) && isOnlyOne()) {
            broken("the server told more than one extent of the range, though it was asked not to (REQ_ONE)");
        }
    }

    private boolean isOnlyOne() {
        return (flags & CommandFlag.REQ_ONE.bit()) != 0;
    }

    /** The answer is complete. */
    void answered() {
        for (int i = 0; i < lists.length; i++) {
            if (!lists[i].isAnswered()) {
                broken("the server did not tell the status of "
                        + contexts.get(i).name());
            }
        }
    }

    private void broken(String what) {
        if (refusal == null) {
            refusal = new NbdProtocolException(what, RequestFate.UNKNOWN, type, range(), null);
        }
    }

    /** Goes on to the next part, if there is one, it is wanted, and the answer about this one was complete. */
    boolean advance() {
        long next = partOffset + partLength;
        if (refusal != null || isEnded() || isOnlyOne() || next == offset + length) {
            return false;
        }
        for (ExtentList list : lists) {
            if (!list.isComplete()) {
                return false;
            }
        }
        expectPart(next);
        return true;
    }

    // ---- The command

    @Override
    long payloadLength() {
        return 0;
    }

    @Override
    void releaseBuffers() {
        // It has none.
    }

    @Override
    void deliver() {
        Map<String, List<Extent>> extents = new LinkedHashMap<>();
        for (int i = 0; i < lists.length; i++) {
            extents.put(contexts.get(i).name(), lists[i].toList());
        }
        succeed(new BlockStatus(NbdRange.of(offset, length), extents));
    }

    @Override
    void detach(Runnable ending) {
        ending.run();
    }
}
