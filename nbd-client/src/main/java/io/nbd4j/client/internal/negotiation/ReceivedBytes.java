package io.nbd4j.client.internal.negotiation;

import io.nbd4j.codec.ServerText;

/** How much a server sent, and how it began: a server that speaks no NBD often says in plain text what is wrong. */
public final class ReceivedBytes {
    /** The most bytes that are kept. */
    public static final int MAX_KEPT = 256;

    private final long count;
    private final byte[] first;

    /** Takes {@code first}, which the caller does not change any more. */
    ReceivedBytes(long count, byte[] first) {
        this.count = count;
        this.first = first;
    }

    /** Returns how many bytes came. */
    public long count() {
        return count;
    }

    /** Returns the first bytes, at most {@link #MAX_KEPT}, in a new array. */
    public byte[] first() {
        return first.clone();
    }

    /** Returns the first bytes as text, escaped, with three dots if more came. */
    public String quote() {
        return ServerText.escape(first, Integer.MAX_VALUE) + (count > first.length ? "..." : "");
    }
}
