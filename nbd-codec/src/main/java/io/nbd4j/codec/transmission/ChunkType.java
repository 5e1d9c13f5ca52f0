package io.nbd4j.codec.transmission;

/** The types of a structured reply chunk. */
public enum ChunkType {
    /** {@code NBD_REPLY_TYPE_NONE}: ends a reply, carries nothing. */
    NONE(0),
    /** {@code NBD_REPLY_TYPE_OFFSET_DATA}. */
    OFFSET_DATA(1),
    /** {@code NBD_REPLY_TYPE_OFFSET_HOLE}. */
    OFFSET_HOLE(2),
    /** {@code NBD_REPLY_TYPE_BLOCK_STATUS}. */
    BLOCK_STATUS(5),
    /** {@code NBD_REPLY_TYPE_BLOCK_STATUS_EXT} (experimental, extended headers only). */
    BLOCK_STATUS_EXT(6),
    /** {@code NBD_REPLY_TYPE_ERROR}. */
    ERROR(0x8001),
    /** {@code NBD_REPLY_TYPE_ERROR_OFFSET}. */
    ERROR_OFFSET(0x8002),
    /** An error chunk (bit 15 set) that the specification does not name; it begins as all error chunks do. */
    UNKNOWN_ERROR(-2),
    /** A chunk that the specification does not name; a client must hang up. */
    UNKNOWN(-1);

    /** {@code NBD_REPLY_FLAG_DONE}: the bit of the chunk flags that marks the last chunk of a reply. */
    public static final int FLAG_DONE = 1;

    private static final int ERROR_BIT = 0x8000;

    private final int wire;

    ChunkType(int wire) {
        this.wire = wire;
    }

    /** Returns the value on the wire, 16 bits. The unknown ones have none and give a negative number. */
    public int wire() {
        return wire;
    }

    /** Returns whether the chunk says that the command failed. */
    public boolean isError() {
        return this == ERROR || this == ERROR_OFFSET || this == UNKNOWN_ERROR;
    }

    /** Returns the type for a 16-bit value of the wire. */
    public static ChunkType fromWire(int wire) {
        return switch (wire) {
            case 0 -> NONE;
            case 1 -> OFFSET_DATA;
            case 2 -> OFFSET_HOLE;
            case 5 -> BLOCK_STATUS;
            case 6 -> BLOCK_STATUS_EXT;
            case 0x8001 -> ERROR;
            case 0x8002 -> ERROR_OFFSET;
            default -> (wire & ERROR_BIT) != 0 ? UNKNOWN_ERROR : UNKNOWN;
        };
    }
}
