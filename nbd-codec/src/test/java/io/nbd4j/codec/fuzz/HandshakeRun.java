package io.nbd4j.codec.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.codec.ProtocolViolationException;
import io.nbd4j.codec.verify.HeapAllocation;
import io.nbd4j.codec.verify.MeasuredMemory;
import io.nbd4j.codec.verify.WireCut;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Runs a decoder of the handshake over any bytes, and checks what has to hold for all of them. */
final class HandshakeRun {
    private static final long HEAP_PER_BYTE = 8 * 1024;
    private static final int BUFFER_SLACK = 4 * 1024;

    /** What the handler behind the decoder does with it. */
    interface Course<D> {
        /** Says after a message, the n-th one, whether the handshake is over and the decoder leaves. */
        boolean isOver(D decoder, int messages);
    }

    /** What came out: the messages, whether a violation was found, and the bytes for whoever comes after the decoder. */
    private record Outcome(List<Object> messages, boolean violated, String unread) {}

    private HandshakeRun() {}

    /**
     * Runs it over all bytes at once, and over the bytes in pieces: the pieces must not make a difference.
     *
     * @param cut see {@link WireCut}
     */
    static <D extends ByteToMessageDecoder> void check(
            byte[] wire, int cut, Supplier<D> newDecoder, Course<? super D> course) {
        HeapAllocation.requireAtMost(wire.length, HEAP_PER_BYTE, () -> {
            Outcome whole = outcome(wire, 0, newDecoder.get(), course);
            assertThat(outcome(wire, cut, newDecoder.get(), course)).isEqualTo(whole);
        });
    }

    private static <D extends ByteToMessageDecoder> Outcome outcome(
            byte[] wire, int cut, D decoder, Course<? super D> course) {
        MeasuredMemory memory = new MeasuredMemory();
        Successor<D> successor = new Successor<>(decoder, course);
        EmbeddedChannel channel = new EmbeddedChannel(decoder, successor);
        channel.config().setAllocator(memory);
        boolean violated = false;
        WireCut pieces = new WireCut(cut);
        for (int at = 0; at < wire.length; ) {
            int length = pieces.next(wire.length - at);
            ByteBuf piece = at % 2 == 0 ? memory.heapBuffer(length) : memory.directBuffer(length);
            piece.writeBytes(wire, at, length);
            at += length;
            try {
                channel.writeInbound(piece);
            } catch (ProtocolViolationException e) {
                assertThat(violated).as("violated before").isFalse();
                violated = true;
            }
        }
        channel.finish();
        assertThat(channel.<Object>readInbound()).isNull();
        memory.requireReleased();
        assertThat(memory.peak()).as("bytes in buffers").isLessThan(BUFFER_SLACK + 4L * wire.length);
        return new Outcome(successor.messages, violated, successor.unread.toString());
    }

    /** The handler behind the decoder. */
    private static final class Successor<D extends ByteToMessageDecoder> extends ChannelInboundHandlerAdapter {
        final List<Object> messages = new ArrayList<>();
        final StringBuilder unread = new StringBuilder();
        private final D decoder;
        private final Course<? super D> course;

        Successor(D decoder, Course<? super D> course) {
            this.decoder = decoder;
            this.course = course;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            if (message instanceof ByteBuf bytes) {
                unread.append(ByteBufUtil.hexDump(bytes));
                bytes.release();
                return;
            }
            messages.add(message);
            if (course.isOver(decoder, messages.size())) {
                ctx.pipeline().remove(decoder);
            }
        }
    }
}
