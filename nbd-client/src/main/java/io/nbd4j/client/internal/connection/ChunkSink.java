package io.nbd4j.client.internal.connection;

import io.nbd4j.client.ReadChunk;
import io.nbd4j.client.ReadChunkListener;
import org.jspecify.annotations.Nullable;

/** Where the chunks of one read go: to the caller's listener, until the caller gives the read up. */
final class ChunkSink {
    private final Command<?> whole;
    private final ReadChunkListener listener;
    private @Nullable Throwable failure;

    /** Creates the sink of {@code whole}, the command that the caller holds. */
    ChunkSink(Command<?> whole, ReadChunkListener listener) {
        this.whole = whole;
        this.listener = listener;
    }

    /** Returns whether anybody still wants to hear. */
    boolean isOpen() {
        return !whole.isEnded();
    }

    /** Hands a chunk to the listener, whatever became of those before. */
    @SuppressWarnings("CatchThrowable") // what a listener throws is its caller's affair, whatever it is
    void accept(ReadChunk chunk) {
        if (isOpen()) {
            try {
                listener.chunk(chunk);
            } catch (Throwable e) {
                failed(e);
            }
        }
    }

    /** Something other than the server's answer fails the read; the first counts. */
    void failed(Throwable cause) {
        if (failure == null) {
            failure = cause;
        }
    }

    /** Returns why the read fails though its answer may be good, null if it does not. */
    @Nullable
    Throwable failure() {
        return failure;
    }
}
