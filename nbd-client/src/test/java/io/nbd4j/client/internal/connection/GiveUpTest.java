package io.nbd4j.client.internal.connection;

import static io.nbd4j.client.internal.connection.Rig.bytesOf;
import static io.nbd4j.client.internal.connection.Rig.failureOf;
import static io.nbd4j.client.internal.connection.Wire.pattern;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.CommandRefusedException;
import io.nbd4j.client.NbdFuture;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** A caller gives a request up: what happens to it and to its buffers, by how far it has come. */
class GiveUpTest {
    private static final int LARGE = 100_000;

    @Test
    void aRequestThatWaitsIsWithdrawn() {
        try (Rig rig = Rig.with().inFlight(1).open()) {
            // Given
            NbdFuture<ByteBuf> sent = rig.commands.read(512, 0);
            ByteBuf data = rig.payload(0, 512);
            NbdFuture<?> write = rig.commands.write(data, 0, 0);
            NbdFuture<ByteBuf> behind = rig.commands.read(512, 512);
            Request first = rig.request();

            // When
            assertThat(write.cancel(true)).isTrue();
            rig.turn();

            // Then
            assertThat(write).isCancelled();
            assertThat(data.refCnt()).isZero();
            rig.answerRead(first);
            Request next = rig.request();
            assertThat(next.offset()).isEqualTo(512);
            rig.answerRead(next);
            List.of(sent, behind).forEach(Rig::bytesOf);
        }
    }

    @Test
    void aCancelledReadKeepsItsSlotAndItsAnswerGoesNowhere() {
        try (Rig rig = Rig.with().inFlight(1).open()) {
            // Given
            ByteBuf destination = rig.dirty(4096);
            byte[] before = new byte[destination.capacity()];
            destination.getBytes(0, before);
            int index = destination.writerIndex();
            NbdFuture<?> read = rig.commands.read(destination, 0);
            Request request = rig.request();

            // When
            read.cancel(false);
            assertThat(read).as("a cancel is a request").isNotDone();
            rig.turn();

            // Then
            assertThat(read).isCancelled();
            assertThat(destination.refCnt()).isEqualTo(1);
            assertThat(destination.writerIndex()).isEqualTo(index);

            // When
            NbdFuture<ByteBuf> next = rig.commands.read(512, 512);
            assertThat(rig.requests()).isEmpty();
            rig.answerRead(request);

            // Then
            byte[] after = new byte[destination.capacity()];
            destination.getBytes(0, after);
            assertThat(after).isEqualTo(before);
            Request second = rig.request();
            assertThat(second.cookie()).isNotEqualTo(request.cookie());
            rig.answerRead(second);
            assertThat(bytesOf(next)).isEqualTo(pattern(512, 512));
            destination.release();
        }
    }

    @Test
    void ofACancelledReadNothingIsRemembered() {
        try (Rig rig = Rig.structured()) {
            // Given
            ReadCommand<?> read = (ReadCommand<?>) rig.commands.read(4096, 0);
            NbdFuture<?> chunks = rig.commands.readChunks(4096, 0, chunk -> {}, 0);
            ReadCommand<?> readChunks = (ReadCommand<?>) chunks;
            List<Request> requests = rig.requests();
            requests.forEach(request -> rig.answer(Wire.hole(request.cookie(), 512, 512)));

            // When
            read.cancel(false);
            chunks.cancel(false);
            rig.turn();
            requests.forEach(request ->
                    rig.answer(Wire.hole(request.cookie(), 2048, 512), Wire.hole(request.cookie(), 2048, 512)));

            // Then
            assertThat(read.isBegun()).isFalse();
            assertThat(readChunks.isBegun()).isFalse();
            requests.forEach(request -> rig.answer(Wire.none(request.cookie())));
            rig.assertWorks();
        }
    }

    @Test
    void aReadCancelledInTheMiddleOfItsDataThrowsTheRestAway() {
        try (Rig rig = Rig.simple()) {
            // Given
            ByteBuffer destination = ByteBuffer.allocateDirect(4096);
            NbdFuture<?> read = rig.commands.read(destination, 0);
            byte[] answer = Wire.simple(rig.request().cookie(), pattern(0, 4096));
            rig.answer(Arrays.copyOf(answer, 16 + 1000));

            // When
            read.cancel(false);
            rig.turn();
            rig.answer(Arrays.copyOfRange(answer, 16 + 1000, answer.length));

            // Then
            assertThat(read).isCancelled();
            assertThat(destination.position()).isZero();
            assertThat(destination.get(999)).isEqualTo(pattern(999, 1)[0]);
            assertThat(destination.get(1000)).isZero();
            rig.assertWorks();
        }
    }

    @Test
    void aReadIntoANewBufferThatIsCancelledReleasesIt() {
        try (Rig rig = Rig.structured()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(4096, 0);
            Request request = rig.request();

            // When
            read.cancel(false);
            rig.turn();

            // Then
            assertThat(read).isCancelled();
            assertThat(rig.memory.metric().usedDirectMemory())
                    .as("memory in use")
                    .isZero();
            rig.answerRead(request);
            rig.assertWorks();
        }
    }

    @Test
    void aWriteThatWasSentEndsAtOnceAndItsAnswerIsTaken() {
        try (Rig rig = Rig.structured()) {
            // Given
            NbdFuture<?> write = rig.commands.write(rig.payload(0, LARGE), 0, 0);
            Request request = rig.request();

            // When
            write.cancel(false);
            rig.turn();

            // Then
            assertThat(write).isCancelled();
            rig.answer(Wire.simple(request.cookie(), 5));
            rig.assertWorks();
        }
    }

    @Test
    void t111AWriteWhosePayloadIsInUserSpaceEndsWhenItHasLeft() {
        try (Rig rig = Rig.structured()) {
            // Given
            rig.channel.allow(28 + 1000);
            ByteBuf data = rig.payload(0, LARGE);
            NbdFuture<?> write = rig.commands.write(data, 0, 0);
            assertThat(rig.requests()).isEmpty();

            // When
            write.cancel(false);
            rig.turn();

            // Then
            assertThat(write).isNotDone();
            assertThat(data.refCnt()).isEqualTo(1);

            // When
            rig.channel.allow(Long.MAX_VALUE);
            Request request = rig.request();

            // Then
            assertThat(request.payload()).isEqualTo(pattern(0, LARGE));
            assertThat(write).isCancelled();
            assertThat(data.refCnt()).isZero();
            rig.answer(Wire.simple(request.cookie(), 0));
            rig.assertWorks();
        }
    }

    @Test
    void aWriteWhosePayloadIsInUserSpaceEndsWithTheConnection() {
        try (Rig rig = Rig.structured()) {
            // Given
            rig.channel.allow(100);
            ByteBuf data = rig.payload(0, LARGE);
            NbdFuture<?> write = rig.commands.write(data, 0, 0);
            rig.turn();
            write.cancel(false);
            rig.turn();

            // When
            rig.hangUp();

            // Then
            assertThat(write).isCancelled();
            assertThat(data.refCnt()).isZero();
        }
    }

    @Test
    void aSmallWriteWasCopiedSoItEndsAtOnce() {
        try (Rig rig = Rig.structured()) {
            // Given
            rig.channel.allow(10);
            ByteBuf data = rig.payload(0, 512);
            NbdFuture<?> write = rig.commands.write(data, 0, 0);
            rig.turn();

            // When
            write.cancel(false);
            rig.turn();

            // Then
            assertThat(write).isCancelled();
            assertThat(data.refCnt()).isZero();
            rig.channel.allow(Long.MAX_VALUE);
            Request request = rig.request();
            assertThat(request.payload()).isEqualTo(pattern(0, 512));
            rig.answer(Wire.simple(request.cookie(), 0));
            rig.assertWorks();
        }
    }

    @Test
    void aSplitReadSendsNoFurtherPiece() {
        try (Rig rig = Rig.with().inFlight(2).blocks(1, 512, 4096).open()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(5 * 4096, 0);
            List<Request> pieces = rig.requests();
            rig.answerRead(pieces.get(0));
            assertThat(rig.requests()).hasSize(1);

            // When
            read.cancel(false);
            rig.turn();

            // Then
            assertThat(read).isCancelled();
            assertThat(rig.memory.metric().usedDirectMemory())
                    .as("memory in use")
                    .isZero();
            rig.answerRead(pieces.get(1));
            assertThat(rig.requests()).isEmpty();
            rig.hangUp();
        }
    }

    @Test
    void aSplitReadThatWaitsReleasesThePieceThatIsNext() {
        try (Rig rig = Rig.with().inFlight(1).blocks(1, 512, 4096).open()) {
            // Given
            NbdFuture<?> flush = rig.commands.flush();
            Request first = rig.request();
            NbdFuture<ByteBuf> read = rig.commands.read(5 * 4096, 0);

            // When
            read.cancel(false);
            rig.turn();

            // Then
            assertThat(read).isCancelled();
            assertThat(rig.memory.metric().usedDirectMemory())
                    .as("memory in use")
                    .isZero();
            rig.answer(Wire.simple(first.cookie(), 0));
            assertThat(flush).isCompleted();
            rig.assertWorks();
        }
    }

    @Test
    void aSplitWriteEndsWhenAllPiecesThatWereSentHaveLeftUserSpace() {
        try (Rig rig = Rig.with().inFlight(2).blocks(1, 512, LARGE).open()) {
            // Given
            ByteBuf data = rig.payload(0, 5 * LARGE);
            rig.channel.allow(28 + LARGE + 28 + 10);
            NbdFuture<?> write = rig.commands.write(data, 0, 0);
            Request first = rig.request();

            // When
            write.cancel(false);
            rig.turn();

            // Then
            assertThat(write).isNotDone();
            assertThat(data.refCnt()).isPositive();

            // When
            rig.channel.allow(Long.MAX_VALUE);
            Request second = rig.request();

            // Then
            assertThat(write).isCancelled();
            assertThat(data.refCnt()).isZero();
            assertThat(second.payload()).isEqualTo(pattern(LARGE, LARGE));
            rig.answer(Wire.simple(first.cookie(), 0), Wire.simple(second.cookie(), 0));
            rig.assertWorks();
        }
    }

    @Test
    void whatWaitsBehindASplitRequestGoesOnceThatIsGivenUp() {
        try (Rig rig = Rig.with().bytes(8192).blocks(1, 512, 8192).open()) {
            // Given
            NbdFuture<ByteBuf> first = rig.commands.read(4096, 0);
            NbdFuture<ByteBuf> split = rig.commands.read(3 * 8192, 0);
            NbdFuture<ByteBuf> behind = rig.commands.read(512, 512);
            Request answeredLater = rig.request();

            // When
            split.cancel(false);

            // Then
            rig.answerRead(rig.request());
            assertThat(bytesOf(behind)).isEqualTo(pattern(512, 512));
            rig.answerRead(answeredLater);
            bytesOf(first);
        }
    }

    @Test
    void aSplitRequestThatIsPartlySentLetsTheOthersPastOnceItIsGivenUp() {
        try (Rig rig = Rig.with().bytes(10_000).blocks(1, 512, 8192).open()) {
            // Given
            NbdFuture<ByteBuf> split = rig.commands.read(3 * 8192, 0);
            NbdFuture<ByteBuf> behind = rig.commands.read(512, 512);
            Request piece = rig.request();

            // When
            split.cancel(false);
            rig.turn();

            // Then
            rig.answerRead(rig.request());
            assertThat(bytesOf(behind)).isEqualTo(pattern(512, 512));
            rig.answerRead(piece);
            rig.assertWorks();
        }
    }

    @Test
    void whatIsDoneCantBeGivenUp() {
        try (Rig rig = Rig.structured()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0);
            rig.answerRead(rig.request());

            // When // Then
            assertThat(read.cancel(true)).isFalse();
            assertThat(read.complete(Unpooled.EMPTY_BUFFER)).isFalse();
            assertThat(read.completeExceptionally(new TimeoutException())).isFalse();
            assertThat(bytesOf(read)).isEqualTo(pattern(0, 512));
        }
    }

    @Test
    void anAnswerThatComesFirstStands() {
        try (Rig rig = Rig.structured()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0);
            Request request = rig.request();
            AtomicReference<ByteBuf> inCompletion = new AtomicReference<>();
            NbdFuture<?> flush = rig.commands.flush();
            Request second = rig.request();
            flush.whenComplete((v, e) -> assertThat(read.cancel(false)).isTrue());
            read.thenAccept(inCompletion::set);

            // When the cancel and the answer meet in one turn
            rig.answer(
                    Delivery.TOGETHER,
                    Wire.simple(second.cookie(), 0),
                    Wire.lastData(request.cookie(), 0, pattern(0, 512)));
            rig.turn();

            // Then
            assertThat(bytesOf(read)).isEqualTo(pattern(0, 512));
            assertThat(inCompletion.get()).isNotNull();
        }
    }

    @Test
    void completeGivesUpWithTheCallersValue() {
        try (Rig rig = Rig.structured()) {
            // Given
            ByteBuf own = Unpooled.buffer();
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0);
            Request request = rig.request();

            // When
            assertThat(read.complete(own)).isTrue();
            assertThat(read).isNotDone();
            rig.turn();

            // Then
            assertThat(read).isCompletedWithValue(own);
            rig.answerRead(request);
            rig.assertWorks();
        }
    }

    @Test
    void aTimeoutTakesEffectOnTheEventLoop() throws InterruptedException {
        try (Rig rig = Rig.structured()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0);
            NbdFuture<ByteBuf> other = rig.commands.read(512, 512);
            List<Request> requests = rig.requests();
            CountDownLatch asked = new CountDownLatch(2);
            CompletableFuture<?> fence = new CompletableFuture<>();

            // When the JDK's timer, which has one thread, has worked off all three
            read.orTimeout(1, TimeUnit.NANOSECONDS);
            other.completeOnTimeout(Unpooled.EMPTY_BUFFER, 1, TimeUnit.NANOSECONDS);
            fence.completeOnTimeout(null, 1, TimeUnit.MILLISECONDS).thenRun(asked::countDown);
            fence.join();
            new CompletableFuture<Void>()
                    .completeOnTimeout(null, 1, TimeUnit.MILLISECONDS)
                    .thenRun(asked::countDown)
                    .join();
            asked.await();
            assertThat(read).isNotDone();
            assertThat(other).isNotDone();
            rig.turn();

            // Then
            assertThat(read)
                    .failsWithin(0, TimeUnit.SECONDS)
                    .withThrowableThat()
                    .withCauseInstanceOf(TimeoutException.class);
            assertThat(other).isCompletedWithValue(Unpooled.EMPTY_BUFFER);
            requests.forEach(rig::answerRead);
            rig.assertWorks();
        }
    }

    @Test
    void completeAsyncIsARequestToo() {
        try (Rig rig = Rig.structured()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0);
            NbdFuture<ByteBuf> failing = rig.commands.read(512, 512);
            List<Request> requests = rig.requests();
            IllegalStateException mistake = new IllegalStateException("a supplier with a mistake");

            // When
            read.completeAsync(() -> Unpooled.EMPTY_BUFFER, Runnable::run);
            failing.completeAsync(
                    () -> {
                        throw mistake;
                    },
                    Runnable::run);

            // Then
            assertThat(read).as("nobody but the event loop completes it").isNotDone();
            assertThat(failing).isNotDone();
            rig.turn();
            assertThat(read).isCompletedWithValue(Unpooled.EMPTY_BUFFER);
            assertThat(failing)
                    .failsWithin(0, TimeUnit.SECONDS)
                    .withThrowableThat()
                    .withCause(mistake);
            requests.forEach(rig::answerRead);
            rig.assertWorks();
        }
    }

    @Test
    void anAnswerDoesNotEndAWriteWhosePayloadIsStillReadFrom() {
        try (Rig rig = Rig.structured()) {
            // Given a server that refuses by the header alone
            rig.channel.allow(28);
            ByteBuffer data =
                    ByteBuffer.allocateDirect(LARGE).put(pattern(0, LARGE)).flip();
            NbdFuture<?> write = rig.commands.write(data, 0, 0);
            assertThat(rig.requests()).isEmpty();

            // When
            rig.answer(Wire.simple(1L << 32, 1));

            // Then
            assertThat(write).isNotDone();
            rig.channel.allow(Long.MAX_VALUE);
            assertThat(rig.request().payload()).isEqualTo(pattern(0, LARGE));
            assertThat(failureOf(write, CommandRefusedException.class).rawError())
                    .isEqualTo(1);
            rig.assertWorks();
        }
    }
}
