package io.nbd4j.codec.handshake;

/** The types of an information item in the answer to INFO and GO. */
public enum InfoType {
    /** {@code NBD_INFO_EXPORT}: size and transmission flags; always sent. */
    EXPORT(0),
    /** {@code NBD_INFO_NAME}: the canonical name. */
    NAME(1),
    /** {@code NBD_INFO_DESCRIPTION}: a text for humans. */
    DESCRIPTION(2),
    /** {@code NBD_INFO_BLOCK_SIZE}: the size constraints. */
    BLOCK_SIZE(3),
    /** An item that the specification does not name; the raw value stands beside it. */
    UNKNOWN(-1);

    private static final InfoType[] BY_WIRE = {EXPORT, NAME, DESCRIPTION, BLOCK_SIZE};

    private final int wire;

    InfoType(int wire) {
        this.wire = wire;
    }

    /** Returns the value on the wire, 16 bits. {@link #UNKNOWN} has none and gives -1. */
    public int wire() {
        return wire;
    }

    /** Returns the type for a 16-bit value of the wire, {@link #UNKNOWN} for one without a name. */
    public static InfoType fromWire(int wire) {
        return wire >= 0 && wire < BY_WIRE.length ? BY_WIRE[wire] : UNKNOWN;
    }
}
