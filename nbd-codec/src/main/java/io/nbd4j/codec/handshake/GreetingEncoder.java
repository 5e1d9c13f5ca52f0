package io.nbd4j.codec.handshake;

import io.nbd4j.codec.Magic;
import io.nbd4j.codec.ProtocolLimits;
import io.netty.buffer.ByteBuf;

/** Writes a server's greeting. */
public final class GreetingEncoder {
    private GreetingEncoder() {}

    /** Writes the greeting. Borrows {@code out}. */
    public static void encode(Greeting greeting, ByteBuf out) {
        out.writeLong(Magic.NBDMAGIC);
        switch (greeting.kind()) {
            case OLDSTYLE -> {
                OldstyleGreeting oldstyle = (OldstyleGreeting) greeting;
                out.writeLong(Magic.OLDSTYLE).writeLong(oldstyle.exportSize());
                // The high half of these 32 bits is handshake flags, which an oldstyle server does not have.
                out.writeInt(oldstyle.transmissionFlags().bits()).writeZero(ProtocolLimits.ZERO_PADDING);
            }
            case NEWSTYLE ->
                out.writeLong(Magic.IHAVEOPT)
                        .writeShort(
                                ((NewstyleGreeting) greeting).handshakeFlags().bits());
        }
    }
}
