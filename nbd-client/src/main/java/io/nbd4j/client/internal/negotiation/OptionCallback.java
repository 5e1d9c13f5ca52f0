package io.nbd4j.client.internal.negotiation;

/** Hears what became of a request in option mode: one call, on the event loop. */
public interface OptionCallback<T extends OptionResult> {
    /** It is done. */
    void succeeded(T value);

    /** It came to nothing. */
    void failed(OptionFailure failure);
}
