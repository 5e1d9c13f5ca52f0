package io.nbd4j.client.internal.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelConfig;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.UncheckedBooleanSupplier;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Hands out the rest of one destination as the receive buffer, as a client does that reads payload into its place, and
 * writes down every call of the protocol between a channel and its handle.
 */
final class WindowAllocator implements RecvByteBufAllocator {
    private final ByteBuf destination;
    private final int window;
    final List<String> calls = new CopyOnWriteArrayList<>();

    /** Borrows {@code destination}; each window is retained on its own. */
    WindowAllocator(ByteBuf destination, int window) {
        this.destination = destination;
        this.window = window;
    }

    @Override
    @SuppressWarnings("deprecation")
    public Handle newHandle() {
        return new WindowHandle();
    }

    private final class WindowHandle implements ExtendedHandle {
        private int filled;
        private int attempted;
        private int last;

        @Override
        public ByteBuf allocate(ByteBufAllocator alloc) {
            calls.add("allocate");
            int length = Math.min(window, destination.capacity() - filled);
            // The window begins in the middle of the buffer and ends before its capacity does.
            return destination.retainedSlice(0, filled + length).setIndex(filled, filled);
        }

        @Override
        public int guess() {
            return window;
        }

        @Override
        public void reset(ChannelConfig config) {
            calls.add("reset");
        }

        @Override
        public void incMessagesRead(int numMessages) {
            calls.add("messages " + numMessages);
        }

        @Override
        public void lastBytesRead(int bytes) {
            calls.add(bytes > 0 ? "some" : bytes == 0 ? "none" : "end");
            last = bytes;
            filled += Math.max(bytes, 0);
        }

        @Override
        public int lastBytesRead() {
            return last;
        }

        @Override
        public void attemptedBytesRead(int bytes) {
            calls.add("attempt " + bytes);
            attempted = bytes;
        }

        @Override
        public int attemptedBytesRead() {
            return attempted;
        }

        @Override
        public boolean continueReading() {
            throw new AssertionError("the channel knows better whether there is more");
        }

        @Override
        public boolean continueReading(UncheckedBooleanSupplier maybeMoreDataSupplier) {
            calls.add("more?");
            return maybeMoreDataSupplier.get() && filled < destination.capacity();
        }

        @Override
        public void readComplete() {
            calls.add("complete");
        }
    }
}
