package io.nbd4j.client.internal.connection;

import static io.nbd4j.client.internal.connection.Rig.bytesOf;
import static io.nbd4j.client.internal.connection.Rig.failureOf;
import static io.nbd4j.client.internal.connection.Wire.pattern;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.codec.NbdError;
import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** How futures complete, where, and what a caller may do in a completion; the memory that reads go to and writes come from. */
class CompletionTest {
    @Test
    void waitingOnTheEventLoopThrowsInsteadOfHanging() {
        try (Rig rig = Rig.structured()) {
            assertWaitingThrows(rig);
        }
    }

    @Test
    void waitingOnTheEventLoopThrowsWithAnExecutorToo() {
        try (Rig rig = Rig.with().executor(Runnable::run).open()) {
            assertWaitingThrows(rig);
        }
    }

    private static void assertWaitingThrows(Rig rig) {
        // Given
        NbdFuture<ByteBuf> read = rig.commands.read(512, 0);

        // When // Then
        assertThatExceptionOfType(IllegalStateException.class).isThrownBy(read::join);
        assertThatExceptionOfType(IllegalStateException.class).isThrownBy(read::get);
        assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> read.get(1, TimeUnit.SECONDS));
        rig.answerRead(rig.request());
        assertThat(bytesOf(read)).isEqualTo(pattern(0, 512));
    }

    @Test
    void dependentStagesArePlainFutures() {
        try (Rig rig = Rig.structured()) {
            // Given
            NbdFuture<?> flush = rig.commands.flush();

            // When
            CompletableFuture<Void> dependent = flush.thenRun(() -> {});

            // Then
            assertThat(dependent).isNotInstanceOf(NbdFuture.class);
            assertThat(dependent.complete(null)).isTrue();
            assertThat(flush).isNotDone();
            assertThatExceptionOfType(UnsupportedOperationException.class)
                    .isThrownBy(() -> flush.obtrudeException(new IllegalStateException("rewritten")));
            rig.answer(Wire.simple(rig.request().cookie(), 0));
            assertThat(flush).isCompleted();
        }
    }

    @Test
    void aCompletionMayIssueCommandsWhichLeaveInOneWrite() {
        try (Rig rig = Rig.structured()) {
            // Given
            List<NbdFuture<ByteBuf>> chained = new ArrayList<>();
            NbdFuture<?> first = rig.commands.flush();
            NbdFuture<?> second = rig.commands.flush();
            first.thenRun(() -> chained.add(rig.commands.read(512, 0)));
            second.thenRun(() -> chained.add(rig.commands.read(512, 512)));
            List<Request> flushes = rig.requests();
            int before = rig.channel.writes();

            // When
            rig.answer(
                    Delivery.TOGETHER,
                    Wire.simple(flushes.get(0).cookie(), 0),
                    Wire.simple(flushes.get(1).cookie(), 0));

            // Then
            assertThat(rig.channel.writes() - before).isEqualTo(1);
            rig.requests().forEach(rig::answerRead);
            assertThat(bytesOf(chained.get(0))).isEqualTo(pattern(0, 512));
            assertThat(bytesOf(chained.get(1))).isEqualTo(pattern(512, 512));
        }
    }

    @Test
    void whatALargeAnswerGaveRiseToLeavesBeforeTheTurnEnds() {
        int large = 64 * 1024;
        try (Rig rig = Rig.structured()) {
            // Given
            List<NbdFuture<ByteBuf>> chained = new ArrayList<>();
            NbdFuture<ByteBuf> first = rig.commands.read(large, 0);
            NbdFuture<ByteBuf> second = rig.commands.read(large, large);
            first.whenComplete((value, failure) -> chained.add(rig.commands.read(512, 0)));
            List<Request> reads = rig.requests();
            byte[] answer = Wire.lastData(reads.get(0).cookie(), 0, pattern(0, large));
            int before = rig.channel.writes();

            // When the answer has come, and the transport reads on
            rig.channel
                    .pipeline()
                    .fireChannelRead(rig.memory.directBuffer(answer.length).writeBytes(answer));

            // Then
            assertThat(rig.channel.writes() - before).isEqualTo(1);
            rig.channel.pipeline().fireChannelReadComplete();
            rig.answerRead(reads.get(1));
            rig.answerRead(rig.request());
            assertThat(bytesOf(first)).isEqualTo(pattern(0, large));
            assertThat(bytesOf(second)).isEqualTo(pattern(large, large));
            assertThat(bytesOf(chained.get(0))).isEqualTo(pattern(0, 512));
        }
    }

    @Test
    void aCompletionThatIssuesCommandsAfterALossHearsOfItAtOnce() {
        try (Rig rig = Rig.structured()) {
            // Given
            List<NbdFuture<?>> again = new ArrayList<>();
            NbdFuture<?> flush = rig.commands.flush();
            flush.whenComplete((value, failure) -> again.add(rig.commands.flush()));
            rig.turn();

            // When
            rig.hangUp();

            // Then
            assertThat(again).hasSize(1);
            failureOf(again.get(0), ConnectionLostException.class);
        }
    }

    @Test
    void t237ACompletionThatThrowsHarmsNobodyElse() {
        try (Rig rig = Rig.structured()) {
            // Given
            NbdFuture<?> flush = rig.commands.flush();
            flush.thenRun(() -> {
                throw new IllegalStateException("user code with a mistake");
            });
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0);
            List<Request> requests = rig.requests();

            // When
            rig.answer(
                    Delivery.TOGETHER,
                    Wire.simple(requests.get(0).cookie(), 0),
                    Wire.lastData(requests.get(1).cookie(), 0, pattern(0, 512)));

            // Then
            assertThat(bytesOf(read)).isEqualTo(pattern(0, 512));
            rig.assertWorks();
        }
    }

    @Test
    void aCompletionMayEndTheConnectionWhileRepliesAreUnread() {
        try (Rig rig = Rig.structured()) {
            // Given
            NbdFuture<?> flush = rig.commands.flush();
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0);
            flush.thenRun(() -> rig.connection.fail(new Loss(Loss.Kind.BROKEN, "closed by the caller", null)));
            List<Request> requests = rig.requests();

            // When
            rig.answer(
                    Delivery.TOGETHER,
                    Wire.simple(requests.get(0).cookie(), 0),
                    Wire.lastData(requests.get(1).cookie(), 0, pattern(0, 512)));

            // Then
            assertThat(failureOf(read, ConnectionLostException.class)).hasMessageContaining("closed by the caller");
            assertThat(rig.losses).isEmpty();
        }
    }

    @Test
    void futuresCompleteOnTheExecutor() {
        // Given
        ArrayDeque<Runnable> tasks = new ArrayDeque<>();
        try (Rig rig = Rig.with().executor(tasks::add).open()) {
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0);
            NbdFuture<?> refused = rig.commands.read(0, 0);
            NbdFuture<?> cancelled = rig.commands.flush();
            NbdFuture<?> lost = rig.commands.flush();
            List<Request> requests = rig.requests();

            // When
            rig.answerRead(requests.get(0));
            cancelled.cancel(false);
            rig.turn();
            rig.hangUp();

            // Then
            assertThat(Stream.of(read, refused, cancelled, lost)).noneMatch(NbdFuture::isDone);
            tasks.forEach(Runnable::run);
            assertThat(bytesOf(read)).isEqualTo(pattern(0, 512));
            assertThat(cancelled).isCancelled();
            failureOf(refused, InvalidRequestException.class);
            failureOf(lost, ConnectionLostException.class);
        }
    }

    static Stream<Named<Executor>> executorsThatTakeNothing() {
        return Stream.of(
                Named.of("it rejects", task -> {
                    throw new RejectedExecutionException("shut down");
                }),
                Named.of("it is broken", task -> {
                    throw new IllegalStateException("disposed");
                }),
                Named.of("it can't start a thread", task -> {
                    throw new OutOfMemoryError("unable to create native thread");
                }));
    }

    @ParameterizedTest
    @MethodSource("executorsThatTakeNothing")
    void anExecutorThatTakesNothingLeavesNoFutureHanging(Executor executor) {
        try (Rig rig = Rig.with().executor(executor).open()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0);
            NbdFuture<?> refused = rig.commands.read(0, 0);
            NbdFuture<?> cancelled = rig.commands.flush();
            List<NbdFuture<?>> lost = List.of(rig.commands.flush(), rig.commands.flush());
            Request request = rig.requests().get(0);

            // When
            rig.answerRead(request);
            cancelled.cancel(false);
            rig.hangUp();

            // Then
            assertThat(bytesOf(read)).isEqualTo(pattern(0, 512));
            assertThat(refused).isCompletedExceptionally();
            assertThat(cancelled).isCancelled();
            assertThat(lost).allMatch(NbdFuture::isCompletedExceptionally);
        }
    }

    @Test
    void anExecutorThatRunsACompletionAndThrowsCompletesItOnce() {
        try (Rig rig = Rig.with()
                .executor(task -> {
                    task.run();
                    throw new IllegalStateException("could not tell");
                })
                .open()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0);

            // When
            rig.answerRead(rig.request());

            // Then
            assertThat(bytesOf(read)).isEqualTo(pattern(0, 512));
        }
    }

    @Test
    void noMemoryForAReadHarmsNothingElse() {
        // Given
        PoorAllocator poor = new PoorAllocator();
        try (Rig rig = Rig.with().allocator(poor).blocks(1, 512, 1 << 20).open()) {
            NbdFuture<ByteBuf> before = rig.commands.read(512, 0);

            // When
            NbdFuture<ByteBuf> tooLong = rig.commands.read(100_000, 0);
            NbdFuture<ByteBuf> muchTooLong = rig.commands.read(Integer.MAX_VALUE, 0);

            // Then
            for (NbdFuture<ByteBuf> future : List.of(tooLong, muchTooLong)) {
                assertThat(failureOf(future, InvalidRequestException.class).errno())
                        .isEqualTo(NbdError.ENOMEM);
            }
            rig.answerRead(rig.request());
            assertThat(bytesOf(before)).isEqualTo(pattern(0, 512));
            rig.assertWorks();
        }
        assertThat(poor.memory.metric().usedDirectMemory()).isZero();
    }

    /** Has direct memory for small buffers only. */
    private static final class PoorAllocator extends AbstractByteBufAllocator {
        final UnpooledByteBufAllocator memory = new UnpooledByteBufAllocator(true);

        @Override
        protected ByteBuf newHeapBuffer(int initialCapacity, int maxCapacity) {
            return memory.heapBuffer(initialCapacity, maxCapacity);
        }

        @Override
        protected ByteBuf newDirectBuffer(int initialCapacity, int maxCapacity) {
            if (initialCapacity > 65536) {
                throw new OutOfMemoryError("Cannot reserve direct buffer memory");
            }
            return memory.directBuffer(initialCapacity, maxCapacity);
        }

        @Override
        public boolean isDirectBufferPooled() {
            return false;
        }
    }

    static Stream<Named<ByteBuf>> destinations() {
        ByteBuf heap = Unpooled.buffer(5000, 5000).writeZero(900);
        ByteBuf direct = Unpooled.directBuffer(5000, 5000).writeZero(904);
        CompositeByteBuf composite = Unpooled.compositeBuffer();
        for (int i = 0; i < 5; i++) {
            composite.addComponent(i % 2 == 0 ? Unpooled.buffer(1000).writeZero(1000) : zeroes(1000));
        }
        composite.setIndex(3, 904);
        ByteBuf slice = zeroes(6000).slice(500, 5000).setIndex(0, 904);
        return Stream.of(
                Named.of("heap", heap),
                Named.of("direct", direct),
                Named.of("composite", composite),
                Named.of("slice", slice));
    }

    private static ByteBuf zeroes(int length) {
        return Unpooled.directBuffer(length).writeZero(length);
    }

    @ParameterizedTest
    @MethodSource("destinations")
    void readsIntoEveryKindOfBuffer(ByteBuf destination) {
        try (Rig rig = Rig.structured()) {
            // Given
            int index = destination.writerIndex();
            int readerIndex = destination.readerIndex();
            int length = destination.writableBytes();

            // When
            NbdFuture<?> read = rig.commands.read(destination, 4096);
            Request request = rig.request();
            rig.answer(Delivery.BYTES, Wire.lastData(request.cookie(), 4096, pattern(4096, length)));

            // Then
            assertThat(read).isCompleted();
            byte[] bytes = new byte[length];
            destination.getBytes(index, bytes);
            assertThat(bytes).isEqualTo(pattern(4096, length));
            assertThat(destination.writerIndex()).isEqualTo(index + length);
            assertThat(destination.readerIndex()).isEqualTo(readerIndex);
            assertThat(destination.refCnt()).isEqualTo(1);
            destination.release();
        }
    }

    static Stream<ByteBuffer> nioBuffers() {
        return Stream.of(
                ByteBuffer.allocate(4096 + 100),
                ByteBuffer.allocateDirect(4096 + 100),
                ByteBuffer.allocate(4096 + 100).order(ByteOrder.LITTLE_ENDIAN),
                ByteBuffer.allocateDirect(4096 + 100).order(ByteOrder.LITTLE_ENDIAN),
                ByteBuffer.allocate(8192).slice(300, 4096 + 100));
    }

    @ParameterizedTest
    @MethodSource("nioBuffers")
    void readsIntoAndWritesFromEveryKindOfByteBuffer(ByteBuffer buffer) {
        try (Rig rig = Rig.structured()) {
            // Given
            buffer.position(60).limit(60 + 4096);

            // When
            NbdFuture<?> read = rig.commands.read(buffer, 8192);
            rig.answerRead(rig.request());

            // Then
            assertThat(read).isCompleted();
            assertThat(buffer.position()).isEqualTo(60 + 4096);
            byte[] bytes = new byte[4096];
            buffer.get(60, bytes);
            assertThat(bytes).isEqualTo(pattern(8192, 4096));
            assertThat(buffer.get(59)).isZero();

            // When
            NbdFuture<?> write = rig.commands.write(buffer.position(60), 8192, 0);
            Request request = rig.request();
            assertThat(buffer.position()).isEqualTo(60);
            rig.answer(Wire.simple(request.cookie(), 0));

            // Then
            assertThat(request.payload()).isEqualTo(pattern(8192, 4096));
            assertThat(write).isCompleted();
            assertThat(buffer.position()).isEqualTo(60 + 4096);
        }
    }

    @Test
    void aFailureLeavesIndicesWhereTheyWere() {
        try (Rig rig = Rig.structured()) {
            // Given
            ByteBuf destination = rig.dirty(512);
            int index = destination.writerIndex();
            ByteBuffer nio = ByteBuffer.allocate(600).position(88);
            ByteBuffer source = ByteBuffer.allocate(600).position(88);

            // When
            List<NbdFuture<?>> futures = List.of(
                    rig.commands.read(destination, 0), rig.commands.read(nio, 0), rig.commands.write(source, 0, 0));
            rig.requests().forEach(request -> rig.answer(Wire.simple(request.cookie(), 5)));

            // Then
            assertThat(futures).allMatch(NbdFuture::isCompletedExceptionally);
            assertThat(destination.writerIndex()).isEqualTo(index);
            assertThat(nio.position()).isEqualTo(88);
            assertThat(source.position()).isEqualTo(88);
            destination.release();
        }
    }

    @Test
    void aCallerThatMovesItsByteBufferMeanwhileHarmsOnlyItself() {
        try (Rig rig = Rig.structured()) {
            // Given
            ByteBuffer source = ByteBuffer.allocate(512);
            ByteBuffer destination = ByteBuffer.allocate(512);
            NbdFuture<?> write = rig.commands.write(source, 0, 0);
            NbdFuture<?> read = rig.commands.read(destination, 0);
            List<Request> requests = rig.requests();
            source.position(500).limit(500);
            destination.limit(10);

            // When
            rig.answer(Wire.simple(requests.get(0).cookie(), 0));
            rig.answerRead(requests.get(1));

            // Then
            assertThat(write).isDone();
            assertThat(read).isDone();
            rig.assertWorks();
        }
    }
}
