package io.nbd4j.client.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.HexFormat;

/** A request as the client sent it, taken apart by hand: no decoder of the project takes part. The payload follows. */
record Request(int flags, int type, long cookie, long offset, long length) {
    static final int READ = 0;
    static final int WRITE = 1;
    static final int DISC = 2;
    static final int FLUSH = 3;
    static final int TRIM = 4;
    static final int CACHE = 5;
    static final int WRITE_ZEROES = 6;

    static final int FUA = 1;
    static final int NO_HOLE = 2;
    static final int DF = 4;
    static final int FAST_ZERO = 16;

    /** Receives the 28 bytes of a compact request. */
    static Request receive(Speech speech) {
        ByteBuffer rest = ByteBuffer.wrap(speech.read(28));
        assertThat(rest.getInt()).as("the magic of a request").isEqualTo(0x25609513);
        return new Request(
                Short.toUnsignedInt(rest.getShort()),
                Short.toUnsignedInt(rest.getShort()),
                rest.getLong(),
                rest.getLong(),
                Integer.toUnsignedLong(rest.getInt()));
    }

    /** Returns the cookie as it has to be echoed, to be typed into hex. */
    String echo() {
        return HexFormat.of().toHexDigits(cookie);
    }
}
