package io.nbd4j.codec;

/** The error values of the protocol. They equal Linux's errno numbers on every platform. */
public enum NbdError {
    /** {@code NBD_EPERM}: not permitted, such as a write to a read-only export. */
    EPERM(1),
    /** {@code NBD_EIO}: input/output error. */
    EIO(5),
    /** {@code NBD_ENOMEM}: out of memory. */
    ENOMEM(12),
    /** {@code NBD_EINVAL}: invalid argument. */
    EINVAL(22),
    /** {@code NBD_ENOSPC}: no space left, or a write past the end. */
    ENOSPC(28),
    /** {@code NBD_EOVERFLOW}: value too large. */
    EOVERFLOW(75),
    /** {@code NBD_ENOTSUP}: operation not supported. */
    ENOTSUP(95),
    /** {@code NBD_ESHUTDOWN}: the server is shutting down. */
    ESHUTDOWN(108);

    private final int wire;

    NbdError(int wire) {
        this.wire = wire;
    }

    /** Returns the value on the wire. */
    public int wire() {
        return wire;
    }

    /** Returns the error for a nonzero value on the wire. As the specification asks, an unknown one is EINVAL. */
    public static NbdError fromWire(int wire) {
        return switch (wire) {
            case 1 -> EPERM;
            case 5 -> EIO;
            case 12 -> ENOMEM;
            case 28 -> ENOSPC;
            case 75 -> EOVERFLOW;
            case 95 -> ENOTSUP;
            case 108 -> ESHUTDOWN;
            default -> EINVAL;
        };
    }
}
