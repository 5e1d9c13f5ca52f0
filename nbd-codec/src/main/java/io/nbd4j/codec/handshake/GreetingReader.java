package io.nbd4j.codec.handshake;

import io.nbd4j.codec.Magic;
import io.nbd4j.codec.ProtocolLimits;
import io.nbd4j.codec.ProtocolViolationException;
import io.nbd4j.codec.TransmissionFlags;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/** Reads a server's greeting. */
final class GreetingReader {
    private static final int MAGICS = 16;
    private static final int NEWSTYLE_LENGTH = MAGICS + 2;
    private static final int OLDSTYLE_LENGTH = MAGICS + 8 + 4 + ProtocolLimits.ZERO_PADDING;

    private GreetingReader() {}

    /**
     * Reads a greeting once all of it is there, and not a byte more.
     *
     * @return {@code null}, with nothing consumed, if bytes are missing
     */
    static @Nullable Greeting read(ByteBuf in) {
        checkFirstBytes(in);
        if (in.readableBytes() < MAGICS) {
            return null;
        }
        long style = in.getLong(in.readerIndex() + Long.BYTES);
        if (style == Magic.IHAVEOPT) {
            return in.readableBytes() < NEWSTYLE_LENGTH ? null : readNewstyle(in.skipBytes(MAGICS));
        }
        if (style == Magic.OLDSTYLE) {
            return in.readableBytes() < OLDSTYLE_LENGTH ? null : readOldstyle(in.skipBytes(MAGICS));
        }
        throw new ProtocolViolationException(
                "the greeting's second magic number is " + Hex.of(style) + ", neither newstyle nor oldstyle");
    }

    /** Checks the bytes as they come: what is no NBD server may never send eight. */
    private static void checkFirstBytes(ByteBuf in) {
        int available = Math.min(in.readableBytes(), Long.BYTES);
        for (int i = 0; i < available; i++) {
            int expected = (int) (Magic.NBDMAGIC >>> (Long.SIZE - Byte.SIZE * (i + 1))) & 0xff;
            if (in.getUnsignedByte(in.readerIndex() + i) != expected) {
                throw new ProtocolViolationException("the first bytes are not NBDMAGIC: this is no NBD server");
            }
        }
    }

    private static Greeting readNewstyle(ByteBuf in) {
        return new NewstyleGreeting(new HandshakeFlags(in.readUnsignedShort()));
    }

    private static Greeting readOldstyle(ByteBuf in) {
        long size = ExportSize.fromWire(in.readLong());
        int handshakeFlags = in.readUnsignedShort();
        if (handshakeFlags != 0) {
            throw new ProtocolViolationException(
                    "the handshake flags of an oldstyle greeting are " + Hex.of(handshakeFlags) + ", not 0");
        }
        TransmissionFlags flags = new TransmissionFlags(in.readUnsignedShort());
        in.skipBytes(ProtocolLimits.ZERO_PADDING);
        return new OldstyleGreeting(size, flags);
    }
}
