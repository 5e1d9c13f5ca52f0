package io.nbd4j.codec.handshake;

import io.nbd4j.codec.ProtocolViolationException;

/** Checks of export sizes, which are unsigned 64-bit numbers on the wire and {@code long} everywhere else. */
final class ExportSize {
    private ExportSize() {}

    /** Returns a size read from the wire; one of 2^63 and more has no use and no representation here. */
    static long fromWire(long size) {
        if (size < 0) {
            throw new ProtocolViolationException("the export size " + Long.toUnsignedString(size)
                    + " is too large, the most that can be handled is " + Long.MAX_VALUE + " bytes");
        }
        return size;
    }

    /** Refuses a size that a program made up. */
    static void requireValid(long size) {
        if (size < 0) {
            throw new IllegalArgumentException("export size " + size + " is negative");
        }
    }
}
