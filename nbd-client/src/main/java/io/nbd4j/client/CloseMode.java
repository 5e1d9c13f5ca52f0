package io.nbd4j.client;

/** What becomes of the requests that a client has when it is closed, see {@link NbdClient#closeAsync(CloseMode)}. */
public enum CloseMode {
    /** All are sent and their answers awaited, for as long as {@link NbdClientBuilder#drainTimeout} allows. */
    DRAIN,
    /**
     * Those that wait for room in flight fail at once, with {@link ConnectionLostException} and {@link RequestFate#NOT_SENT};
     * a request that is split is not sent any further, and is {@link RequestFate#UNKNOWN} if a piece of it was sent. Those in
     * flight are treated as by {@link #DRAIN}: one that is on the wire in part is sent to its end.
     *
     * <p>libnbd's {@code LIBNBD_SHUTDOWN_ABANDON_PENDING}.
     */
    ABANDON_PENDING
}
