package io.nbd4j.codec;

/** The commands of the transmission phase. */
public enum CommandType {
    /** {@code NBD_CMD_READ}. */
    READ(0),
    /** {@code NBD_CMD_WRITE}: the only command with a payload. */
    WRITE(1),
    /** {@code NBD_CMD_DISC}: soft disconnect; has no reply. */
    DISC(2),
    /** {@code NBD_CMD_FLUSH}: offset and length are zero. */
    FLUSH(3),
    /** {@code NBD_CMD_TRIM}. */
    TRIM(4),
    /** {@code NBD_CMD_CACHE}. */
    CACHE(5),
    /** {@code NBD_CMD_WRITE_ZEROES}. */
    WRITE_ZEROES(6),
    /** {@code NBD_CMD_BLOCK_STATUS}. */
    BLOCK_STATUS(7),
    /** {@code NBD_CMD_RESIZE} (experimental; no known server implements it). */
    RESIZE(8),
    /** A command that the specification does not name; the raw value stands beside it. */
    UNKNOWN(-1);

    private static final CommandType[] BY_WIRE = {
        READ, WRITE, DISC, FLUSH, TRIM, CACHE, WRITE_ZEROES, BLOCK_STATUS, RESIZE
    };

    private final int wire;

    CommandType(int wire) {
        this.wire = wire;
    }

    /** Returns the value on the wire, 16 bits. {@link #UNKNOWN} has none and gives -1. */
    public int wire() {
        return wire;
    }

    /** Returns the command for a 16-bit value of the wire, {@link #UNKNOWN} for one without a name. */
    public static CommandType fromWire(int wire) {
        return wire >= 0 && wire < BY_WIRE.length ? BY_WIRE[wire] : UNKNOWN;
    }
}
