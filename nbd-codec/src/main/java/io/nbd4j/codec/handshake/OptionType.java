package io.nbd4j.codec.handshake;

/** The options that a client may send while haggling. */
public enum OptionType {
    /** {@code NBD_OPT_EXPORT_NAME}: the legacy way into transmission; cannot return errors. */
    EXPORT_NAME(1),
    /** {@code NBD_OPT_ABORT}. */
    ABORT(2),
    /** {@code NBD_OPT_LIST}. */
    LIST(3),
    /** {@code NBD_OPT_PEEK_EXPORT}: withdrawn, never sent. */
    PEEK_EXPORT(4),
    /** {@code NBD_OPT_STARTTLS}. */
    STARTTLS(5),
    /** {@code NBD_OPT_INFO}. */
    INFO(6),
    /** {@code NBD_OPT_GO}. */
    GO(7),
    /** {@code NBD_OPT_STRUCTURED_REPLY}. */
    STRUCTURED_REPLY(8),
    /** {@code NBD_OPT_LIST_META_CONTEXT}. */
    LIST_META_CONTEXT(9),
    /** {@code NBD_OPT_SET_META_CONTEXT}. */
    SET_META_CONTEXT(10),
    /** {@code NBD_OPT_EXTENDED_HEADERS} (experimental). */
    EXTENDED_HEADERS(11),
    /** An option that the specification does not name; the raw value stands beside it. */
    UNKNOWN(-1);

    private final int wire;

    OptionType(int wire) {
        this.wire = wire;
    }

    /** Returns the value on the wire, 32 bits. {@link #UNKNOWN} has none and gives -1. */
    public int wire() {
        return wire;
    }

    /** Returns the option for a 32-bit value of the wire, {@link #UNKNOWN} for one without a name. */
    public static OptionType fromWire(int wire) {
        for (OptionType type : values()) {
            if (type.wire == wire && type != UNKNOWN) {
                return type;
            }
        }
        return UNKNOWN;
    }
}
