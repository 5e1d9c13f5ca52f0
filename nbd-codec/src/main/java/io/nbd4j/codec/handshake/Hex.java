package io.nbd4j.codec.handshake;

/** How numbers of the wire look in messages. */
final class Hex {
    private Hex() {}

    static String of(long value) {
        return "0x" + Long.toHexString(value);
    }

    static String of(int value) {
        return "0x" + Integer.toHexString(value);
    }
}
