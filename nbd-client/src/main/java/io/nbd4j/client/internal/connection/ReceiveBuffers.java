package io.nbd4j.client.internal.connection;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Hands the channel the memory that the kernel reads into: the destination of a large read itself, or a buffer sized by
 * what the server owes.
 *
 * <p>It must be set on the channel before that is registered. The first inbound handler has to be the {@link Connection},
 * which knows its own window when it sees it; with another handler before it (TLS) no {@link Plan} may be set.
 *
 * <p>The ordinary buffers belong to the event loop, not to the connection: an idle connection holds none. One that is
 * still referenced when the next is due (a handshake decoder keeps a part of a message in it) is left alone, and an own
 * buffer is allocated.
 */
public final class ReceiveBuffers extends DefaultMaxMessagesRecvByteBufAllocator {
    /** Takes many small replies at once. */
    private static final int LARGE = 256 * 1024;
    /**
     * Used while a large read is owed, so that little of its payload ends up beside its destination: a quarter of 64 KiB, a
     * sixteenth of 256 KiB.
     */
    private static final int SMALL = 16 * 1024;

    /** Used where nothing is planned: a handshake, and several records of TLS at once. */
    private static final int UNPLANNED = 64 * 1024;

    private static final LoopBuffer LARGE_BUFFER = new LoopBuffer(LARGE);
    private static final LoopBuffer SMALL_BUFFER = new LoopBuffer(SMALL);
    private static final LoopBuffer UNPLANNED_BUFFER = new LoopBuffer(UNPLANNED);

    /** What the channel is going to receive. */
    interface Plan {
        /** Returns the part of its destination that the next bytes belong into, retained and empty; null for none. */
        @Nullable
        ByteBuf window();

        /** Returns whether an answer with a large payload is owed. */
        boolean isLargeReadOwed();

        /** Returns whether so many answers are owed that some have probably come while others were taken apart. */
        boolean isMuchOwed();
    }

    /** How often a channel reads in one turn, as long as its buffers come back full: a header, then its payload. */
    private static final int READS_PER_TURN = 16;

    private @Nullable Plan plan;

    /** Creates the buffers of one channel. */
    public ReceiveBuffers() {
        super(READS_PER_TURN);
    }

    /** From now on the channel receives by plan. Called on the event loop. */
    void follow(Plan plan) {
        this.plan = plan;
    }

    @Override
    @SuppressWarnings("deprecation") // the type that the channel asks for is still this one in 4.2
    public RecvByteBufAllocator.Handle newHandle() {
        return new PlannedHandle();
    }

    private final class PlannedHandle extends MaxMessageHandle {
        @Override
        public ByteBuf allocate(ByteBufAllocator allocator) {
            Plan current = plan;
            if (current != null) {
                ByteBuf window = current.window();
                if (window != null) {
                    return window;
                }
            }
            LoopBuffer ordinary = ordinary(current);
            ByteBuf lent = ordinary.lend();
            return lent == null ? allocator.directBuffer(ordinary.capacity, ordinary.capacity) : lent;
        }

        @Override
        public boolean continueReading(UncheckedBooleanSupplier maybeMoreData) {
            // Under load another read costs less than a wait in epoll that returns at once.
            Plan current = plan;
            return super.continueReading(
                    current != null && current.isMuchOwed() ? UncheckedBooleanSupplier.TRUE_SUPPLIER : maybeMoreData);
        }

        @Override
        public int guess() {
            return ordinary(plan).capacity;
        }

        private LoopBuffer ordinary(@Nullable Plan current) {
            if (current == null) {
                return UNPLANNED_BUFFER;
            }
            return current.isLargeReadOwed() ? SMALL_BUFFER : LARGE_BUFFER;
        }
    }
}
