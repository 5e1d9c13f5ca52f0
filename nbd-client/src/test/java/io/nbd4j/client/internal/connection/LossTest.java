package io.nbd4j.client.internal.connection;

import static io.nbd4j.client.internal.connection.Rig.bytesOf;
import static io.nbd4j.client.internal.connection.Rig.failureOf;
import static io.nbd4j.client.internal.connection.Wire.pattern;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.NbdException;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdProtocolException;
import io.nbd4j.client.NbdTimeoutException;
import io.nbd4j.client.RequestFate;
import io.nbd4j.codec.CommandFlag;
import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The end of a connection, and what it tells each request. */
class LossTest {
    @Test
    void t231EachOfAHundredRequestsFailsOnceWithAnExceptionOfItsOwn() {
        try (Rig rig = Rig.with().inFlight(60).open()) {
            // Given
            AtomicInteger completions = new AtomicInteger();
            List<NbdFuture<?>> futures = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                futures.add(rig.commands.read(4096, i * 4096L));
                futures.add(rig.commands.write(rig.payload(0, 512), 0, 0));
            }
            futures.forEach(future -> future.whenComplete((value, failure) -> completions.incrementAndGet()));
            assertThat(rig.requests()).hasSize(60);
            IOException reset = new IOException("Connection reset by peer");

            // When
            rig.channel.pipeline().fireExceptionCaught(reset);
            rig.hangUp();

            // Then
            assertThat(completions).hasValue(100);
            Set<Throwable> distinct = Collections.newSetFromMap(new IdentityHashMap<>());
            for (int i = 0; i < 100; i++) {
                ConnectionLostException failure = failureOf(futures.get(i), ConnectionLostException.class);
                assertThat(failure.fate()).isEqualTo(i < 60 ? RequestFate.UNKNOWN : RequestFate.NOT_SENT);
                assertThat(failure).hasCause(reset).hasMessageContaining("Connection reset by peer");
                assertThat(failure.getCause()).isSameAs(reset);
                assertThat(failure.getStackTrace()).isEmpty();
                distinct.add(failure);
            }
            assertThat(distinct).hasSize(100);
            assertThat(rig.losses).extracting(Loss::kind).containsExactly(Loss.Kind.BROKEN);
        }
    }

    @Test
    void t232WhatWasAnsweredBeforeTheEndIsGood() {
        try (Rig rig = Rig.structured()) {
            // Given
            NbdFuture<ByteBuf> answered = rig.commands.read(512, 0);
            NbdFuture<ByteBuf> owed = rig.commands.read(512, 512);
            rig.answerRead(rig.requests().get(0));

            // When
            rig.hangUp();

            // Then
            assertThat(bytesOf(answered)).isEqualTo(pattern(0, 512));
            ConnectionLostException failure = failureOf(owed, ConnectionLostException.class);
            assertThat(failure).hasMessageContaining("READ [512, 1024)").hasNoCause();
            assertThat(rig.losses).extracting(Loss::kind).containsExactly(Loss.Kind.END_OF_STREAM);
        }
    }

    @Test
    void whatHasToBeAskedAgainIsNotOnceTheConnectionIsLost() {
        try (Rig rig = Rig.structured()) {
            // Given
            rig.failsAtOnce = false;
            NbdFuture<?> flush = rig.commands.flush();
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0, CommandFlag.DF.bit());
            List<Request> requests = rig.requests();
            flush.thenRun(() -> rig.channel.pipeline().fireExceptionCaught(new IOException("reset")));

            // When
            rig.answer(
                    Delivery.TOGETHER,
                    Wire.simple(requests.get(0).cookie(), 0),
                    Wire.simple(requests.get(1).cookie(), 22));

            // Then
            assertThat(rig.connection.statistics().requestsSent()).isEqualTo(2);
            rig.connection.fail(rig.losses.get(0));
            failureOf(read, ConnectionLostException.class);
        }
    }

    @Test
    void aCommandBehindTheGoodbyeIsRefused() {
        try (Rig rig = Rig.structured()) {
            // Given
            rig.connection.disconnect();

            // When
            NbdFuture<ByteBuf> late = rig.commands.read(512, 0);

            // Then
            assertThat(rig.request().type()).isEqualTo(Request.DISC);
            ConnectionLostException failure = failureOf(late, ConnectionLostException.class);
            assertThat(failure.fate()).isEqualTo(RequestFate.NOT_SENT);
            assertThat(failure).hasMessageContaining("the connection was closed");
        }
    }

    @Test
    void aWriteThatTheEndCutsOffDoesNotHideTheEnd() {
        try (Rig rig = Rig.structured()) {
            // Given
            rig.channel.allow(0);
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0);
            rig.requests();

            // When
            rig.hangUp();

            // Then
            assertThat(failureOf(read, ConnectionLostException.class))
                    .hasMessageContaining("the server closed the connection")
                    .hasNoCause();
            assertThat(rig.losses).extracting(Loss::kind).containsExactly(Loss.Kind.END_OF_STREAM);
        }
    }

    @Test
    void aRequestAfterTheEndIsNotSentAndItsBufferIsReleased() {
        try (Rig rig = Rig.structured()) {
            // Given
            rig.hangUp();
            ByteBuf data = rig.payload(0, 512);

            // When
            NbdFuture<?> write = rig.commands.write(data, 0, 0);

            // Then
            assertThat(failureOf(write, ConnectionLostException.class).fate()).isEqualTo(RequestFate.NOT_SENT);
            assertThat(data.refCnt()).isZero();
        }
    }

    @Test
    void requestsWaitForTheOwnersExplanation() {
        try (Rig rig = Rig.structured()) {
            // Given
            rig.failsAtOnce = false;
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0);
            rig.requests();
            rig.hangUp();
            assertThat(read).isNotDone();

            // When
            rig.connection.fail(rig.losses.get(0).explained("the child was killed by signal 9"));

            // Then
            assertThat(failureOf(read, ConnectionLostException.class)).hasMessageContaining("signal 9");
        }
    }

    @Test
    void whatWasNotFlushedIsReleased() {
        try (Rig rig = Rig.structured()) {
            // Given
            ByteBuf small = rig.payload(0, 512);
            ByteBuf large = rig.payload(0, 100_000);
            NbdFuture<?> first = rig.commands.write(small, 0, 0);
            NbdFuture<?> second = rig.commands.write(large, 0, 0);
            NbdFuture<ByteBuf> third = rig.commands.read(512, 0);

            // When
            rig.channel.pipeline().fireExceptionCaught(new IOException("broken"));

            // Then
            assertThat(List.of(first, second, third)).allMatch(NbdFuture::isCompletedExceptionally);
            assertThat(small.refCnt()).isZero();
            assertThat(large.refCnt()).isZero();
        }
    }

    @Test
    void theOwnerClosesWithoutHearingOfIt() {
        try (Rig rig = Rig.structured()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0);
            rig.requests();

            // When
            rig.connection.fail(new Loss(Loss.Kind.BROKEN, "the handle was closed", null));

            // Then
            assertThat(failureOf(read, ConnectionLostException.class)).hasMessageContaining("the handle was closed");
            assertThat(rig.channel.isOpen()).isFalse();
            assertThat(rig.losses).isEmpty();
        }
    }

    @Test
    void theKindOfALossDecidesTheException() {
        assertThat(lost(Loss.Kind.END_OF_STREAM)).isInstanceOf(ConnectionLostException.class);
        assertThat(lost(Loss.Kind.BROKEN)).isInstanceOf(ConnectionLostException.class);
        assertThat(lost(Loss.Kind.VIOLATED)).isInstanceOf(NbdProtocolException.class);
        assertThat(lost(Loss.Kind.STALLED)).isInstanceOf(NbdTimeoutException.class);
    }

    private static NbdException lost(Loss.Kind kind) {
        NbdException exception = new Loss(kind, "gone", null).toException(RequestFate.UNKNOWN, null, null);
        assertThat(exception).hasMessage("gone");
        assertThat(exception.fate()).isEqualTo(RequestFate.UNKNOWN);
        return exception;
    }

    @Test
    void drainedIsWhenNothingIsInFlightOrWaits() {
        try (Rig rig = Rig.with().inFlight(1).open()) {
            // Given
            AtomicInteger drained = new AtomicInteger();
            NbdFuture<ByteBuf> first = rig.commands.read(512, 0);
            NbdFuture<ByteBuf> second = rig.commands.read(512, 512);

            // When
            rig.connection.whenDrained(drained::incrementAndGet);
            rig.answerRead(rig.request());
            assertThat(drained).hasValue(0);
            rig.answerRead(rig.request());

            // Then
            assertThat(drained).hasValue(1);
            List.of(first, second).forEach(Rig::bytesOf);
        }
    }

    @Test
    void aConnectionThatIsIdleIsDrainedAtOnceAndSaysGoodbye() {
        try (Rig rig = Rig.structured()) {
            // Given
            AtomicInteger drained = new AtomicInteger();

            // When
            rig.connection.whenDrained(() -> {
                drained.incrementAndGet();
                rig.connection.disconnect();
            });
            Request goodbye = rig.request();

            // Then
            assertThat(drained).hasValue(1);
            assertThat(goodbye.type()).isEqualTo(Request.DISC);
            assertThat(goodbye.flags()).isZero();
            assertThat(goodbye.offset()).isZero();
            assertThat(goodbye.length()).isZero();
        }
    }

    @Test
    void withoutMemoryForARequestTheConnectionEndsAndNoFutureHangs() {
        // Given
        ManualLoop loop = new ManualLoop();
        try (Rig rig = Rig.with().loop(loop).open()) {
            // The write fits into no buffer of the event loop's.
            rig.channel.config().setAllocator(new NoDirectMemory());
            List<NbdFuture<?>> futures = List.of(
                    rig.commands.flush(), rig.commands.write(rig.payload(0, 16384), 0, 0), rig.commands.read(512, 0));

            // When
            loop.runAll();

            // Then
            for (NbdFuture<?> future : futures) {
                assertThat(failureOf(future, ConnectionLostException.class)).hasMessageContaining("no direct memory");
            }
            assertThat(rig.channel.isOpen()).isFalse();
        }
    }

    private static final class NoDirectMemory extends AbstractByteBufAllocator {
        @Override
        protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
            return Unpooled.buffer(initialCapacity, maxCapacity);
        }

        @Override
        protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
            throw new OutOfMemoryError("Cannot reserve direct buffer memory");
        }

        @Override
        public boolean isDirectBufferPooled() {
            return false;
        }
    }
}
