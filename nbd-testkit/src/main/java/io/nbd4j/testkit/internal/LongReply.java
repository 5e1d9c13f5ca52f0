package io.nbd4j.testkit.internal;

import io.nbd4j.testkit.ExportException;

/** A reply that is made piece by piece, as the client takes it. */
interface LongReply {
    /** Returns whether the last piece has been made. */
    boolean isOver();

    /** Returns whether an error can no longer be told: a simple reply has said that all is well. */
    boolean isCommitted();

    /**
     * Makes the next piece. Not to be called when the reply is over.
     *
     * @throws ExportException if there is none; the reply is over then, and lacks its end
     */
    void next() throws ExportException;
}
