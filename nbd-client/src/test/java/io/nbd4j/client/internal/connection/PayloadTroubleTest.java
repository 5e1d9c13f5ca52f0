package io.nbd4j.client.internal.connection;

import static io.nbd4j.client.internal.connection.Rig.failureOf;
import static io.nbd4j.client.internal.connection.Wire.pattern;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdFuture;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Payloads that can't be sent. A header without its payload would make the server take other requests for it. */
class PayloadTroubleTest {
    private static final int SMALL = 4096;
    private static final int LARGE = 100_000;

    @ParameterizedTest
    @ValueSource(ints = {SMALL, LARGE})
    void aPayloadThatItsCallerReleasesTooHarmsNothingElse(int length) {
        ManualLoop loop = new ManualLoop();
        try (Rig rig = Rig.with().loop(loop).open()) {
            // Given
            ByteBuf payload = rig.payload(0, length);
            NbdFuture<?> write = rig.commands.write(payload, 0, 0);
            NbdFuture<?> flush = rig.commands.flush();

            // When
            payload.release();
            loop.runAll();

            // Then
            failureOf(write, InvalidRequestException.class);
            Request sent = rig.request();
            assertThat(sent.type()).isEqualTo(Request.FLUSH);
            rig.answer(Wire.simple(sent.cookie(), 0));
            loop.runAll();
            assertThat(flush).isCompleted();
        }
    }

    @Test
    void aPayloadThatIsReleasedWhileItWaitsHarmsNothingElse() {
        try (Rig rig = Rig.with().inFlight(1).open()) {
            // Given
            NbdFuture<?> first = rig.commands.flush();
            ByteBuf payload = rig.payload(0, SMALL);
            NbdFuture<?> write = rig.commands.write(payload, 0, 0);
            NbdFuture<?> last = rig.commands.flush();
            payload.release();

            // When
            rig.hangUp();

            // Then
            assertThat(List.of(first, write, last)).allMatch(NbdFuture::isCompletedExceptionally);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {SMALL, LARGE})
    void aPayloadThatIsMadeShorterHarmsNothingElse(int length) {
        ManualLoop loop = new ManualLoop();
        try (Rig rig = Rig.with().loop(loop).open()) {
            // Given
            ByteBuf payload = rig.payload(0, length);
            NbdFuture<?> write = rig.commands.write(payload, 0, 0);

            // When
            payload.capacity(length - 1);
            loop.runAll();

            // Then
            failureOf(write, InvalidRequestException.class);
            assertThat(rig.requests()).isEmpty();
            assertThat(payload.refCnt()).isZero();
        }
    }

    /** Two parts, one of which can't be read any more, whatever the reason. */
    private static final class Unreadable extends CompositeByteBuf {
        Unreadable(ByteBuf first, ByteBuf second) {
            super(UnpooledByteBufAllocator.DEFAULT, true, 2, first, second);
        }

        @Override
        public CompositeByteBuf getBytes(int index, ByteBuf destination, int destinationIndex, int length) {
            throw new IllegalStateException("unmapped");
        }

        @Override
        public ByteBuffer[] nioBuffers(int index, int length) {
            throw new IllegalStateException("unmapped");
        }
    }

    @Test
    void aPayloadThatCannotBeReadEndsTheConnectionBeforeItsHeaderIsSent() {
        ManualLoop loop = new ManualLoop();
        try (Rig rig = Rig.with().loop(loop).open()) {
            // Given
            ByteBuf payload = new Unreadable(rig.payload(0, SMALL), rig.payload(SMALL, SMALL));
            NbdFuture<?> write = rig.commands.write(payload, 0, 0);
            NbdFuture<?> flush = rig.commands.flush();

            // When
            loop.runAll();

            // Then
            assertThat(rig.channel.take()).isEmpty();
            assertThat(failureOf(write, ConnectionLostException.class)).hasMessageContaining("unmapped");
            failureOf(flush, ConnectionLostException.class);
        }
    }

    /** What a channel does when it can't copy a payload on the heap to where the system takes it from. */
    private static final class NoRoomForPayloads extends ChannelOutboundHandlerAdapter {
        @Override
        public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) throws Exception {
            if (message instanceof ByteBuf buffer && buffer.readableBytes() >= LARGE) {
                buffer.release();
                promise.setFailure(new OutOfMemoryError("direct memory"));
            } else {
                super.write(context, message, promise);
            }
        }
    }

    @Test
    void aPayloadThatTheChannelDoesNotTakeEndsTheConnectionBeforeItsHeaderIsSent() {
        try (Rig rig = Rig.structured()) {
            // Given
            rig.channel.pipeline().addFirst(new NoRoomForPayloads());

            // When
            NbdFuture<?> write = rig.commands.write(rig.payload(0, LARGE), 0, 0);
            NbdFuture<?> flush = rig.commands.flush();
            rig.turn();

            // Then
            assertThat(rig.channel.take()).isEmpty();
            assertThat(rig.losses).extracting(Loss::kind).containsExactly(Loss.Kind.BROKEN);
            failureOf(write, ConnectionLostException.class);
            failureOf(flush, ConnectionLostException.class);
        }
    }

    @Test
    void aPayloadThatTheCallerStillHasIsSentUnchanged() {
        try (Rig rig = Rig.structured()) {
            // When
            rig.commands.write(rig.payload(7, SMALL), 0, 0);
            rig.commands.write(rig.payload(9, LARGE), 0, 0);

            // Then
            assertThat(rig.requests())
                    .extracting(Request::payload)
                    .containsExactly(pattern(7, SMALL), pattern(9, LARGE));
        }
    }
}
