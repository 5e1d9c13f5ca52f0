package io.nbd4j.client.internal.connection;

import static io.nbd4j.client.internal.connection.Rig.bytesOf;
import static io.nbd4j.client.internal.connection.Rig.failureOf;
import static io.nbd4j.client.internal.connection.Wire.pattern;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdRange;
import io.nbd4j.client.NbdTimeoutException;
import io.nbd4j.client.RequestFate;
import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.CommandType;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The deadlines of requests, in a time that passes only when the test says so; the conformance cases by number. */
class DeadlineTest {
    private static final int LARGE = 100_000;

    private static Rig.Settings limited() {
        return Rig.with().requestSeconds(10);
    }

    private static void assertTimedOut(NbdFuture<?> future, RequestFate fate) {
        assertThat(failureOf(future, NbdTimeoutException.class).fate()).isEqualTo(fate);
    }

    @Test
    void t101ARequestThatIsNotAnsweredEndsAlone() {
        try (Rig rig = limited().open()) {
            // Given
            NbdFuture<ByteBuf> unanswered = rig.commands.read(512, 0);
            NbdFuture<ByteBuf> other = rig.commands.read(512, 512);
            List<Request> requests = rig.requests();

            // When
            rig.pass(9);
            rig.answerRead(requests.get(1));
            assertThat(unanswered).isNotDone();
            rig.pass(1);

            // Then
            NbdTimeoutException failure = failureOf(unanswered, NbdTimeoutException.class);
            assertThat(failure.fate()).isEqualTo(RequestFate.UNKNOWN);
            assertThat(failure.command()).isEqualTo(CommandType.READ);
            assertThat(failure.range()).isEqualTo(NbdRange.of(0, 512));
            assertThat(failure).hasMessageContaining("no answer within 10000 ms");
            assertThat(bytesOf(other)).isEqualTo(pattern(512, 512));
            rig.assertWorks();
        }
    }

    @Test
    void t101TheCookieIsNotUsedAgainWhileTheAnswerIsOwed() {
        try (Rig rig = limited().open()) {
            // Given
            NbdFuture<ByteBuf> unanswered = rig.commands.read(512, 0);
            long cookie = rig.request().cookie();
            rig.pass(10);
            assertTimedOut(unanswered, RequestFate.UNKNOWN);

            // When
            List<Long> cookies = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                NbdFuture<ByteBuf> read = rig.commands.read(512, 0);
                Request request = rig.request();
                cookies.add(request.cookie());
                rig.answerRead(request);
                bytesOf(read);
            }

            // Then
            assertThat(cookies).doesNotContain(cookie).doesNotHaveDuplicates();
            assertThat(rig.connection.statistics().requestsInFlight()).isOne();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void t102ALateAnswerIsThrownAway(boolean structured) {
        try (Rig rig = limited().structured(structured).open()) {
            // Given
            ByteBuf destination = rig.dirty(LARGE);
            byte[] before = new byte[destination.capacity()];
            destination.getBytes(0, before);
            int index = destination.writerIndex();
            NbdFuture<?> read = rig.commands.read(destination, 0);
            Request request = rig.request();
            rig.pass(10);
            assertTimedOut(read, RequestFate.UNKNOWN);
            assertThat(destination.refCnt()).as("references to the destination").isOne();

            // When
            rig.answerRead(request);

            // Then
            byte[] after = new byte[destination.capacity()];
            destination.getBytes(0, after);
            assertThat(after).isEqualTo(before);
            assertThat(destination.writerIndex()).isEqualTo(index);
            rig.assertWorks();
            assertThat(rig.connection.isIdle()).isTrue();
            destination.release();
        }
    }

    @Test
    void aDeadlineInTheMiddleOfTheDataThrowsTheRestAway() {
        try (Rig rig = limited().structured(false).open()) {
            // Given
            ByteBuffer destination = ByteBuffer.allocateDirect(4096);
            NbdFuture<?> read = rig.commands.read(destination, 0);
            byte[] answer = Wire.simple(rig.request().cookie(), pattern(0, 4096));
            rig.answer(Arrays.copyOf(answer, 16 + 1000));

            // When
            rig.pass(10);
            rig.answer(Arrays.copyOfRange(answer, 16 + 1000, answer.length));

            // Then
            assertTimedOut(read, RequestFate.UNKNOWN);
            assertThat(destination.position()).isZero();
            assertThat(destination.get(1000)).isZero();
            rig.assertWorks();
        }
    }

    @Test
    void t161AnAnswerWithoutItsEndIsNoAnswer() {
        try (Rig rig = limited().open()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0);
            Request request = rig.request();
            rig.answer(Wire.data(request.cookie(), 0, pattern(0, 512)));

            // When
            rig.pass(10);

            // Then
            assertTimedOut(read, RequestFate.UNKNOWN);
            rig.assertWorks();
            rig.answer(Wire.none(request.cookie()));
            rig.assertWorks();
        }
    }

    @Test
    void whatWaitsIsWithdrawn() {
        try (Rig rig = limited().inFlight(1).open()) {
            // Given
            NbdFuture<ByteBuf> sent = rig.commands.read(512, 0);
            Request first = rig.request();
            ByteBuf data = rig.payload(0, 512);
            NbdFuture<?> write = rig.commands.write(data, 0, 0);
            NbdFuture<ByteBuf> split = rig.commands.read(100 << 20, 0);

            // When
            rig.pass(10);

            // Then
            assertTimedOut(sent, RequestFate.UNKNOWN);
            assertThat(failureOf(write, NbdTimeoutException.class)).hasMessageContaining("no room in flight");
            assertTimedOut(write, RequestFate.NOT_SENT);
            assertTimedOut(split, RequestFate.NOT_SENT);
            assertThat(data.refCnt()).isZero();
            assertThat(rig.connection.statistics().requestsWaiting()).isZero();
            assertThat(rig.requests()).isEmpty();
            rig.answerRead(first);
            rig.assertWorks();
        }
    }

    @Test
    void aWriteThatWasSentEndsAndItsAnswerIsTaken() {
        try (Rig rig = limited().open()) {
            // Given
            NbdFuture<?> write = rig.commands.write(rig.payload(0, LARGE), 0, 0);
            NbdFuture<?> flush = rig.commands.flush();
            List<Request> requests = rig.requests();

            // When
            rig.pass(10);

            // Then
            assertTimedOut(write, RequestFate.UNKNOWN);
            assertTimedOut(flush, RequestFate.UNKNOWN);
            rig.answer(
                    Wire.simple(requests.get(0).cookie(), 5),
                    Wire.simple(requests.get(1).cookie(), 0));
            rig.assertWorks();
        }
    }

    @Test
    void aWriteWhosePayloadIsInUserSpaceEndsTheConnection() {
        try (Rig rig = limited().open()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0);
            rig.request();
            rig.pass(5);
            rig.channel.allow(28 + 1000);
            ByteBuf data = rig.payload(0, LARGE);
            NbdFuture<?> write = rig.commands.write(data, 4096, 0);
            rig.turn();
            rig.pass(4);
            NbdFuture<?> behind = rig.commands.flush();
            rig.turn();

            // When
            rig.pass(1);
            assertTimedOut(read, RequestFate.UNKNOWN);
            assertThat(rig.losses).isEmpty();
            rig.pass(5);

            // Then
            assertTimedOut(write, RequestFate.UNKNOWN);
            assertThat(failureOf(behind, NbdTimeoutException.class)).hasMessageContaining("[4096, 104096)");
            assertThat(data.refCnt()).isZero();
            assertThat(rig.losses).extracting(Loss::kind).containsExactly(Loss.Kind.STALLED);
            assertThat(rig.channel.isOpen()).isFalse();
            assertThat(rig.connection.isIdle()).isTrue();
        }
    }

    @Test
    void aSplitWriteOfWhichAPieceIsInUserSpaceEndsTheConnection() {
        try (Rig rig = limited().blocks(1, 512, LARGE).open()) {
            // Given
            rig.channel.allow(28 + LARGE + 28 + 10);
            ByteBuf data = rig.payload(0, 3 * LARGE);
            NbdFuture<?> write = rig.commands.write(data, 0, 0);
            rig.answer(Wire.simple(rig.request().cookie(), 0));

            // When
            rig.pass(10);

            // Then
            assertTimedOut(write, RequestFate.UNKNOWN);
            assertThat(data.refCnt()).isZero();
            assertThat(rig.losses).extracting(Loss::kind).containsExactly(Loss.Kind.STALLED);
        }
    }

    @Test
    void aSmallWriteWasCopiedSoTheConnectionGoesOn() {
        try (Rig rig = limited().open()) {
            // Given
            rig.channel.allow(10);
            NbdFuture<?> write = rig.commands.write(rig.payload(0, 512), 0, 0);
            rig.turn();

            // When
            rig.pass(10);

            // Then
            assertTimedOut(write, RequestFate.UNKNOWN);
            rig.channel.allow(Long.MAX_VALUE);
            Request request = rig.request();
            assertThat(request.payload()).isEqualTo(pattern(0, 512));
            rig.answer(Wire.simple(request.cookie(), 0));
            rig.assertWorks();
        }
    }

    @Test
    void aSplitRequestHasOneDeadline() {
        try (Rig rig = limited().inFlight(2).blocks(1, 512, 4096).open()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(5 * 4096, 0);
            List<Request> pieces = rig.requests();

            // When
            rig.pass(9);
            rig.answerRead(pieces.get(0));
            Request third = rig.request();
            rig.pass(1);

            // Then
            assertTimedOut(read, RequestFate.UNKNOWN);
            rig.answerRead(pieces.get(1));
            rig.answerRead(third);
            rig.assertWorks();
        }
    }

    @Test
    void aReadThatIsSentAgainKeepsItsDeadline() {
        try (Rig rig = limited().open()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0, CommandFlag.DF.bit());
            Request first = rig.request();
            rig.pass(9);
            rig.answer(Wire.simple(first.cookie(), 22));
            Request second = rig.request();

            // When
            rig.pass(1);

            // Then
            assertTimedOut(read, RequestFate.UNKNOWN);
            rig.answerRead(second);
            rig.assertWorks();
        }
    }

    @Test
    void eachRequestHasItsOwnDeadline() {
        try (Rig rig = limited().open()) {
            // Given one request each second
            List<NbdFuture<ByteBuf>> reads = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                reads.add(rig.commands.read(512, 0));
                rig.pass(1);
            }
            List<Request> requests = rig.requests();

            // When some are answered, out of order
            for (int answered : new int[] {4, 9, 3}) {
                rig.answerRead(requests.get(answered));
                bytesOf(reads.get(answered));
            }

            // Then
            for (int i = 0; i < 9; i++) {
                assertThat(reads.get(i).isDone()).as("the read of second %s", i).isTrue();
                assertThat(reads.get(i + 1).isDone() || i == 9)
                        .as("the read of second %s", i + 1)
                        .isEqualTo(i + 1 == 4 || i + 1 == 9 || i + 1 == 3);
                rig.pass(1);
            }
            for (int unanswered : new int[] {0, 1, 2, 5, 6, 7, 8}) {
                assertTimedOut(reads.get(unanswered), RequestFate.UNKNOWN);
            }
            rig.assertWorks();
        }
    }

    @Test
    void whatACallerAsksForAtADeadlineHasItsOwn() {
        try (Rig rig = limited().open()) {
            // Given
            NbdFuture<ByteBuf> first = rig.commands.read(512, 0);
            rig.pass(1);
            NbdFuture<ByteBuf> second = rig.commands.read(512, 512);
            List<NbdFuture<ByteBuf>> again = new ArrayList<>();
            first.exceptionally(failure -> {
                again.add(rig.commands.read(512, 1024));
                return null;
            });
            rig.requests();

            // When
            rig.pass(9);
            assertTimedOut(first, RequestFate.UNKNOWN);
            rig.pass(1);
            assertTimedOut(second, RequestFate.UNKNOWN);
            assertThat(again.get(0)).isNotDone();
            rig.pass(8);
            assertThat(again.get(0)).isNotDone();
            rig.pass(1);

            // Then
            assertTimedOut(again.get(0), RequestFate.UNKNOWN);
            rig.assertWorks();
        }
    }

    @Test
    void whatWasCancelledHasNoDeadline() {
        try (Rig rig = limited().open()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0);
            rig.requests();
            read.cancel(false);

            // When
            rig.pass(10);

            // Then
            assertThat(read).isCancelled();
            rig.assertWorks();
        }
    }

    @Test
    void theEndOfTheConnectionEndsTheDeadlines() {
        try (Rig rig = limited().open()) {
            // Given an owner that takes its time to find out why
            rig.failsAtOnce = false;
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0);
            rig.requests();
            rig.hangUp();

            // When
            rig.pass(100);

            // Then
            assertThat(read).isNotDone();
        }
    }

    @Test
    void thereIsNoDeadlineByDefault() {
        try (Rig rig = Rig.structured()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0);
            Request request = rig.request();

            // When
            rig.pass(1_000_000);

            // Then
            rig.answerRead(request);
            assertThat(bytesOf(read)).isEqualTo(pattern(0, 512));
        }
    }

    @Test
    void orTimeoutOfAWriteInUserSpaceEndsTheConnection() {
        try (Rig rig = Rig.structured()) {
            // Given
            rig.channel.allow(28);
            ByteBuf data = rig.payload(0, LARGE);
            NbdFuture<?> write = rig.commands.write(data, 0, 0);
            NbdFuture<ByteBuf> other = rig.commands.read(512, 0);
            rig.turn();

            // When the JDK's timer does what it does
            assertThat(write.completeExceptionally(new TimeoutException())).isTrue();
            assertThat(write).isNotDone();
            rig.turn();

            // Then
            assertThat(write)
                    .failsWithin(0, TimeUnit.SECONDS)
                    .withThrowableThat()
                    .withCauseInstanceOf(TimeoutException.class);
            assertThat(data.refCnt()).isZero();
            assertTimedOut(other, RequestFate.UNKNOWN);
            assertThat(rig.channel.isOpen()).isFalse();
        }
    }
}
