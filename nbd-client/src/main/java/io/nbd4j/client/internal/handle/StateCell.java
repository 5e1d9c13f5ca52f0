package io.nbd4j.client.internal.handle;

import io.nbd4j.client.ConnectionState;
import io.nbd4j.client.internal.logging.Loggers;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The state of a handle as its users see it. Two moves are made by their threads, so that they show at once: connecting
 * and closing. All others are the event loop's.
 */
final class StateCell {
    private final AtomicReference<ConnectionState> state = new AtomicReference<>(ConnectionState.CREATED);
    private final String name;

    /**
     * Creates the state of a handle that nothing was done with yet.
     *
     * @param name of the handle, for the log
     */
    StateCell(String name) {
        this.name = name;
    }

    ConnectionState get() {
        return Objects.requireNonNull(state.get());
    }

    /** Claims the handle for one attempt to connect. Any thread. Returns false if it is not CREATED. */
    boolean claim() {
        return state.compareAndSet(ConnectionState.CREATED, ConnectionState.CONNECTING)
                && moved(ConnectionState.CREATED, ConnectionState.CONNECTING);
    }

    /** The caller closes the handle. Any thread. Does nothing if it has ended already. */
    void close() {
        advance(ConnectionState.CLOSED);
    }

    /** Moves on, unless the caller has closed the handle in the meantime. Returns whether it moved. */
    boolean advance(ConnectionState to) {
        ConnectionState before = state.getAndUpdate(now -> hasEnded(now) ? now : to);
        return !hasEnded(before) && moved(before, to);
    }

    /** An error ended the handle, maybe while it was closing. */
    void die() {
        moved(state.getAndSet(ConnectionState.DEAD), ConnectionState.DEAD);
    }

    /** Tells the log, and returns true. */
    private boolean moved(ConnectionState from, ConnectionState to) {
        if (from != to) {
            Loggers.HANDLE.debug("{}: {} -> {}", name, from, to);
        }
        return true;
    }

    private static boolean hasEnded(ConnectionState state) {
        return state == ConnectionState.CLOSED || state == ConnectionState.DEAD;
    }
}
