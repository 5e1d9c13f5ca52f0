package io.nbd4j.client.internal.connection;

/** Hears what happens to a connection as a whole. Called on the event loop. */
public interface ConnectionOwner {
    /**
     * The connection has ended; nothing more is sent or received. Called once, unless the owner closed the connection
     * itself. The requests still wait for their end: the owner calls {@link Connection#fail}, at once or when it has found
     * out more about the cause.
     */
    void connectionEnded(Loss loss);

    /** The server said that it is shutting down: it expects no more requests, and then a goodbye. Called once. */
    void serverShutsDown();
}
