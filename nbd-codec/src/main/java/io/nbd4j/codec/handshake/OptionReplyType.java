package io.nbd4j.codec.handshake;

/** The types of an option reply. */
public enum OptionReplyType {
    /** {@code NBD_REP_ACK}: the option succeeded; the final reply. */
    ACK(1),
    /** {@code NBD_REP_SERVER}: one export of a list. */
    SERVER(2),
    /** {@code NBD_REP_INFO}: one information item about an export. */
    INFO(3),
    /** {@code NBD_REP_META_CONTEXT}: one meta context. */
    META_CONTEXT(4),
    /** {@code NBD_REP_ERR_UNSUP}: the server does not know the option. */
    ERR_UNSUP(0x8000_0001),
    /** {@code NBD_REP_ERR_POLICY}: the server knows the option and does not allow it. */
    ERR_POLICY(0x8000_0002),
    /** {@code NBD_REP_ERR_INVALID}: the request was malformed, or made at the wrong time. */
    ERR_INVALID(0x8000_0003),
    /** {@code NBD_REP_ERR_PLATFORM}: the server's platform cannot do it. */
    ERR_PLATFORM(0x8000_0004),
    /** {@code NBD_REP_ERR_TLS_REQD}: only after TLS has been started. */
    ERR_TLS_REQD(0x8000_0005),
    /** {@code NBD_REP_ERR_UNKNOWN}: no export has the name. */
    ERR_UNKNOWN(0x8000_0006),
    /** {@code NBD_REP_ERR_SHUTDOWN}: the server is shutting down. */
    ERR_SHUTDOWN(0x8000_0007),
    /** {@code NBD_REP_ERR_BLOCK_SIZE_REQD}: only for a client that asks for the size constraints. */
    ERR_BLOCK_SIZE_REQD(0x8000_0008),
    /** {@code NBD_REP_ERR_TOO_BIG}: the request or its answer is too large. */
    ERR_TOO_BIG(0x8000_0009),
    /** {@code NBD_REP_ERR_EXT_HEADER_REQD} (experimental): only after extended headers have been agreed. */
    ERR_EXT_HEADER_REQD(0x8000_000a),
    /** An error (bit 31 set) that the specification does not name. It ends the option like any other. */
    UNKNOWN_ERROR(-1),
    /** A type that the specification does not name: nobody can say whether more replies follow. */
    UNKNOWN(-2);

    private static final int ERROR_BIT = 1 << 31;

    private final int wire;

    OptionReplyType(int wire) {
        this.wire = wire;
    }

    /** Returns the value on the wire, 32 bits. The two unknown ones have none and must not be sent. */
    public int wire() {
        return wire;
    }

    /** Returns whether the server refused the option. An error is always the final reply. */
    public boolean isError() {
        return this != UNKNOWN && isError(wire);
    }

    /** Returns whether a 32-bit value of the wire is an error, known or not. */
    public static boolean isError(int wire) {
        return (wire & ERROR_BIT) != 0;
    }

    /** Returns the type for a 32-bit value of the wire. */
    public static OptionReplyType fromWire(int wire) {
        return switch (wire) {
            case 1 -> ACK;
            case 2 -> SERVER;
            case 3 -> INFO;
            case 4 -> META_CONTEXT;
            case 0x8000_0001 -> ERR_UNSUP;
            case 0x8000_0002 -> ERR_POLICY;
            case 0x8000_0003 -> ERR_INVALID;
            case 0x8000_0004 -> ERR_PLATFORM;
            case 0x8000_0005 -> ERR_TLS_REQD;
            case 0x8000_0006 -> ERR_UNKNOWN;
            case 0x8000_0007 -> ERR_SHUTDOWN;
            case 0x8000_0008 -> ERR_BLOCK_SIZE_REQD;
            case 0x8000_0009 -> ERR_TOO_BIG;
            case 0x8000_000a -> ERR_EXT_HEADER_REQD;
            default -> isError(wire) ? UNKNOWN_ERROR : UNKNOWN;
        };
    }
}
