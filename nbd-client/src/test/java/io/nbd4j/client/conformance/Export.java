package io.nbd4j.client.conformance;

import io.nbd4j.codec.TransmissionFlags;

/**
 * What the scripted server says about its export in the handshake.
 *
 * @param size in bytes
 * @param flags of the transmission phase
 * @param structured whether it agrees to structured replies
 * @param sizes the three numbers of the size constraints, typed as hex; empty for none
 */
record Export(long size, int flags, boolean structured, String sizes) {
    /** Everything that a client can ask for. */
    static final int ALL_FLAGS = TransmissionFlags.HAS_FLAGS
            | TransmissionFlags.SEND_FLUSH
            | TransmissionFlags.SEND_FUA
            | TransmissionFlags.SEND_TRIM
            | TransmissionFlags.SEND_WRITE_ZEROES
            | TransmissionFlags.SEND_DF
            | TransmissionFlags.CAN_MULTI_CONN
            | TransmissionFlags.SEND_CACHE
            | TransmissionFlags.SEND_FAST_ZERO;

    static final Export SIMPLE = new Export(1 << 20, ALL_FLAGS, false, "");
    static final Export STRUCTURED = new Export(1 << 20, ALL_FLAGS, true, "");

    Export size(long other) {
        return new Export(other, flags, structured, sizes);
    }

    Export flags(int other) {
        return new Export(size, other, structured, sizes);
    }

    Export without(int flag) {
        return flags(flags & ~flag);
    }

    Export with(int flag) {
        return flags(flags | flag);
    }

    Export sizes(String other) {
        return new Export(size, flags, structured, other);
    }
}
