package io.nbd4j.client.internal.negotiation;

/**
 * Hears what became of a handshake, on the event loop.
 *
 * <p>{@link #ready} and {@link #failed} exclude each other and come once. {@link #paused} comes at most once, before
 * them, and only in option mode. {@link #agreed} comes any number of times before, and before what it led to is told.
 */
public interface NegotiationListener {
    /** Something was agreed, or forgotten. */
    void agreed(NegotiationFacts facts);

    /** Option mode has reached its pause: the handler takes requests, which may be made from within this call. */
    void paused();

    /**
     * An export has been chosen, the transmission phase begins.
     *
     * <p>The handshake has left the pipeline but for its decoder. Handlers that are added now, at the end of the
     * pipeline, get every byte that came behind the handshake's last message: when this call returns the decoder is
     * removed, and hands what it has not used to the handler after it.
     */
    void ready(NegotiatedExport export);

    /**
     * The handshake is over without an export. The channel is closed when this call returns.
     *
     * @param received what the server sent, for a message that quotes it
     */
    void failed(NegotiationFailure failure, ReceivedBytes received);
}
