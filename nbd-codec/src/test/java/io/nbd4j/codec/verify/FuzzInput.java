package io.nbd4j.codec.verify;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/**
 * What a fuzzer made up: a few octets that say how a test proceeds, and behind them the bytes of the wire. There is no
 * framing, so that each change of an input is an input again.
 */
public final class FuzzInput {
    private final byte[] bytes;
    private int at;

    /** Creates the input. The array is not copied. */
    public FuzzInput(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Returns the next octet, 0 to 255; 0 behind the end. */
    public int octet() {
        return at < bytes.length ? bytes[at++] & 0xff : 0;
    }

    /** Returns all that was not taken yet, in a new array. */
    public byte[] rest() {
        byte[] rest = Arrays.copyOfRange(bytes, at, bytes.length);
        at = bytes.length;
        return rest;
    }

    /** Returns the input that gives {@code octets}, and then the bytes of {@code wire}. */
    public static byte[] of(int[] octets, byte[]... wire) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int octet : octets) {
            out.write(octet);
        }
        for (byte[] part : wire) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }
}
