package io.nbd4j.codec.verify;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/**
 * Feeds a decoder the same bytes in pieces of every size, from one byte to all at once, and compares what it emits.
 *
 * <p>Each piece is a fresh buffer, heap or direct in turn, whose readable window lies between junk: an absolute index, a
 * forgotten partial header or a read beyond the window changes what is emitted. In the end each piece has been released
 * exactly once.
 */
public final class DecoderVerifier {
    private static final byte[] JUNK = {'j', 'u', 'n', 'k', (byte) 0xff, 0, 1};

    private DecoderVerifier() {}

    /**
     * Verifies a plain decoder, which takes each buffer and has released it when it returns.
     *
     * @param newDecoder gives a decoder that emits to the consumer it is given
     */
    public static <E> void verify(
            byte[] wire, Function<Consumer<? super E>, Consumer<ByteBuf>> newDecoder, List<? extends E> expected) {
        for (int step = 1; step <= wire.length; step++) {
            List<E> seen = new ArrayList<>();
            Consumer<ByteBuf> decoder = newDecoder.apply(seen::add);
            for (ByteBuf piece : pieces(wire, step)) {
                decoder.accept(piece);
                assertThat(piece.refCnt())
                        .as("references left to a piece of %d", step)
                        .isZero();
            }
            assertThat(seen).as("emitted for pieces of %d", step).isEqualTo(expected);
        }
    }

    /** Verifies an inbound handler. It may keep a buffer until the channel closes. */
    public static void verifyHandler(byte[] wire, Supplier<? extends ChannelHandler> newHandler, List<?> expected) {
        verifyPipeline(wire, step -> new EmbeddedChannel(newHandler.get()), expected);
    }

    /**
     * Verifies the handlers of a channel.
     *
     * @param newChannel gives a fresh channel for a step size
     * @param expected the inbound messages that reach the end of the pipeline
     */
    public static void verifyPipeline(byte[] wire, IntFunction<EmbeddedChannel> newChannel, List<?> expected) {
        for (int step = 1; step <= wire.length; step++) {
            EmbeddedChannel channel = newChannel.apply(step);
            List<ByteBuf> pieces = pieces(wire, step);
            pieces.forEach(channel::writeInbound);
            List<Object> seen = new ArrayList<>();
            for (Object message = channel.readInbound(); message != null; message = channel.readInbound()) {
                seen.add(message);
            }
            channel.finish();
            assertThat(seen).as("emitted for pieces of %d", step).isEqualTo(expected);
            assertThat(pieces).as("pieces of %d", step).allMatch(piece -> piece.refCnt() == 0, "is released");
        }
    }

    /** Returns the bytes in buffers of {@code step} readable bytes, the last one of what is left. */
    public static List<ByteBuf> pieces(byte[] wire, int step) {
        List<ByteBuf> pieces = new ArrayList<>();
        for (int start = 0; start < wire.length; start += step) {
            int length = Math.min(step, wire.length - start);
            int capacity = JUNK.length + length + JUNK.length;
            ByteBuf piece = pieces.size() % 2 == 0 ? Unpooled.buffer(capacity) : Unpooled.directBuffer(capacity);
            piece.writeBytes(JUNK).skipBytes(JUNK.length).writeBytes(wire, start, length);
            int end = piece.writerIndex();
            piece.writeBytes(JUNK).writerIndex(end);
            pieces.add(piece);
        }
        return pieces;
    }
}
