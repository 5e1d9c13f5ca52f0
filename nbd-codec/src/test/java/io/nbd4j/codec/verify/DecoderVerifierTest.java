package io.nbd4j.codec.verify;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The verifier finds the mistakes it is there for. */
class DecoderVerifierTest {
    private static final byte[] WIRE = {1, 2, 3, 4};
    private static final List<Integer> SHORTS = List.of(0x0102, 0x0304);

    @Test
    void acceptsADecoderThatIsRight() {
        DecoderVerifier.verifyHandler(WIRE, () -> new ShortDecoder(false), SHORTS);
        DecoderVerifier.<Integer>verify(new byte[] {1, 2}, sink -> bytes(sink, true, false), List.of(1, 2));
    }

    @Test
    void findsAnAbsoluteIndex() {
        assertFails(() -> DecoderVerifier.verifyHandler(WIRE, () -> new ShortDecoder(true), SHORTS));
    }

    @Test
    void findsABufferThatIsNotReleased() {
        assertFails(() ->
                DecoderVerifier.<Integer>verify(new byte[] {1, 2}, sink -> bytes(sink, false, false), List.of(1, 2)));
    }

    @Test
    void findsAReadBeyondTheWindow() {
        assertFails(() ->
                DecoderVerifier.<Integer>verify(new byte[] {1, 2}, sink -> bytes(sink, true, true), List.of(1, 2)));
    }

    private static void assertFails(Runnable verification) {
        assertThatExceptionOfType(AssertionError.class).isThrownBy(verification::run);
    }

    /** Emits each byte as a number. */
    private static Consumer<ByteBuf> bytes(Consumer<? super Integer> sink, boolean release, boolean beyond) {
        return in -> {
            int end = beyond ? in.writerIndex() + 1 : in.writerIndex();
            for (int i = in.readerIndex(); i < end; i++) {
                sink.accept((int) in.getByte(i));
            }
            if (release) {
                in.release();
            }
        };
    }

    private static final class ShortDecoder extends ByteToMessageDecoder {
        private final boolean absolute;

        ShortDecoder(boolean absolute) {
            this.absolute = absolute;
        }

        @Override
        protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
            if (in.readableBytes() >= 2) {
                out.add(in.getUnsignedShort(absolute ? 0 : in.readerIndex()));
                in.skipBytes(2);
            }
        }
    }
}
