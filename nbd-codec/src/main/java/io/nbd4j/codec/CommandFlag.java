package io.nbd4j.codec;

/** The flags of a command. */
public enum CommandFlag {
    /** {@code NBD_CMD_FLAG_FUA}: the data is on stable storage before the reply. */
    FUA(1),
    /** {@code NBD_CMD_FLAG_NO_HOLE}: write-zeroes must not punch a hole. */
    NO_HOLE(1 << 1),
    /** {@code NBD_CMD_FLAG_DF}: the reply to a read must not be fragmented. */
    DF(1 << 2),
    /** {@code NBD_CMD_FLAG_REQ_ONE}: block status of one extent only. */
    REQ_ONE(1 << 3),
    /** {@code NBD_CMD_FLAG_FAST_ZERO}: write-zeroes must fail if it is not faster than a write. */
    FAST_ZERO(1 << 4),
    /** {@code NBD_CMD_FLAG_PAYLOAD_LEN} (experimental): the length field counts payload, not effect. */
    PAYLOAD_LEN(1 << 5);

    private final int bit;

    CommandFlag(int bit) {
        this.bit = bit;
    }

    /** Returns the bit of the 16-bit command flags field. */
    public int bit() {
        return bit;
    }

    /** Returns the field with the bits of all {@code flags} set. */
    public static int bits(CommandFlag... flags) {
        int bits = 0;
        for (CommandFlag flag : flags) {
            bits |= flag.bit;
        }
        return bits;
    }
}
