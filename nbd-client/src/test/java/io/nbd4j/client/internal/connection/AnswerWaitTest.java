package io.nbd4j.client.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.internal.busypoll.BusyPoll;
import io.netty.buffer.ByteBuf;
import io.netty.channel.SelectStrategy;
import io.netty.util.concurrent.FastThreadLocal;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When the event loop polls for an answer. The test's thread is the event loop. */
class AnswerWaitTest {
    private static final long LIMIT = 100_000;
    /** The most answers that count as few. */
    private static final int FEW = 8;

    private static final int LARGE = 64 * 1024;

    private final MockTicker ticker = Ticker.newMockTicker();
    private final BusyPoll poll = new BusyPoll(ticker);

    @BeforeEach
    void introduce() throws Exception {
        poll.calculateStrategy(() -> 0, true);
    }

    @AfterEach
    void forget() {
        FastThreadLocal.removeAll();
    }

    private static Rig rig(long pollNanos) {
        return Rig.with().pollNanos(pollNanos).open();
    }

    private boolean polls() throws Exception {
        return poll.calculateStrategy(() -> 0, false) != SelectStrategy.SELECT;
    }

    private static List<NbdFuture<ByteBuf>> reads(Rig rig, int count, int length) {
        return IntStream.range(0, count)
                .mapToObj(i -> rig.commands.read(length, (long) i * length))
                .toList();
    }

    private void readAnsweredAfter(Rig rig, long nanos) {
        NbdFuture<ByteBuf> read = rig.commands.read(512, 0);
        Request request = rig.request();
        ticker.advance(nanos, TimeUnit.NANOSECONDS);
        rig.answerRead(request);
        Rig.bytesOf(read);
    }

    /** Returns whether the loop polls for the answer to a read, which comes at once. */
    private boolean pollsForRead(Rig rig) throws Exception {
        NbdFuture<ByteBuf> read = rig.commands.read(512, 0);
        Request request = rig.request();
        boolean polled = polls();
        rig.answerRead(request);
        Rig.bytesOf(read);
        return polled;
    }

    @Test
    void pollsForTheOnlyAnswerThatIsOwed() throws Exception {
        try (Rig rig = rig(LIMIT)) {
            assertThat(polls()).isFalse();
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0);
            Request request = rig.request();
            assertThat(polls()).isTrue();

            rig.answerRead(request);
            Rig.bytesOf(read);
            assertThat(polls()).as("after the answer").isFalse();
        }
    }

    @Test
    void sleepsOnceTheLimitIsOver() throws Exception {
        try (Rig rig = rig(LIMIT)) {
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0);
            Request request = rig.request();
            ticker.advance(LIMIT, TimeUnit.NANOSECONDS);
            assertThat(polls()).isFalse();

            rig.answerRead(request);
            Rig.bytesOf(read);
        }
    }

    @Test
    void pollsWhileFewAnswersAreOwed() throws Exception {
        try (Rig rig = rig(LIMIT)) {
            List<NbdFuture<ByteBuf>> reads = reads(rig, FEW, 512);
            List<Request> requests = rig.requests();
            for (Request request : requests) {
                assertThat(polls()).isTrue();
                rig.answerRead(request);
            }
            assertThat(polls()).as("when all have come").isFalse();
            reads.forEach(Rig::bytesOf);
        }
    }

    @Test
    void sleepsWhileManyAnswersAreOwed() throws Exception {
        try (Rig rig = rig(LIMIT)) {
            List<NbdFuture<ByteBuf>> reads = reads(rig, FEW + 1, 512);
            List<Request> requests = rig.requests();
            assertThat(polls()).isFalse();

            rig.answerRead(requests.get(0));
            assertThat(polls()).as("when few are left").isTrue();
            requests.subList(1, requests.size()).forEach(rig::answerRead);
            reads.forEach(Rig::bytesOf);
        }
    }

    @Test
    void pollsForAMomentWithinALargePayloadWhileManyAnswersAreOwed() throws Exception {
        try (Rig rig = rig(LIMIT)) {
            List<NbdFuture<ByteBuf>> reads = reads(rig, FEW + 2, LARGE);
            List<Request> requests = rig.requests();
            byte[] first = Wire.lastData(requests.get(0).cookie(), 0, Wire.pattern(0, LARGE));

            rig.answer(Arrays.copyOf(first, 1000));
            assertThat(polls()).as("within the payload").isTrue();
            ticker.advance(LIMIT / 2, TimeUnit.NANOSECONDS);
            assertThat(polls()).as("when nothing more came").isFalse();
            rig.answer(Arrays.copyOfRange(first, 1000, 2000));
            assertThat(polls()).as("after the next part").isTrue();
            rig.answer(Arrays.copyOfRange(first, 2000, first.length));
            assertThat(polls()).as("after the payload").isFalse();

            requests.subList(1, requests.size()).forEach(rig::answerRead);
            reads.forEach(Rig::bytesOf);
        }
    }

    @Test
    void sleepsWithinASmallPayloadWhileManyAnswersAreOwed() throws Exception {
        try (Rig rig = rig(LIMIT)) {
            List<NbdFuture<ByteBuf>> reads = reads(rig, FEW + 2, 4096);
            List<Request> requests = rig.requests();
            byte[] first = Wire.lastData(requests.get(0).cookie(), 0, Wire.pattern(0, 4096));

            rig.answer(Arrays.copyOf(first, 1000));
            assertThat(polls()).isFalse();

            rig.answer(Arrays.copyOfRange(first, 1000, first.length));
            requests.subList(1, requests.size()).forEach(rig::answerRead);
            reads.forEach(Rig::bytesOf);
        }
    }

    @Test
    void pollsOnUntilTheAnswerIsComplete() throws Exception {
        try (Rig rig = rig(LIMIT)) {
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0);
            Request request = rig.request();
            byte[] answer = Wire.lastData(request.cookie(), 0, Wire.pattern(0, 512));
            rig.answer(Arrays.copyOf(answer, 100));
            assertThat(polls()).isTrue();

            rig.answer(Arrays.copyOfRange(answer, 100, answer.length));
            Rig.bytesOf(read);
            assertThat(polls()).as("after the answer").isFalse();
        }
    }

    @Test
    void doesNotPollForAServerWhoseAnswersTakeLonger() throws Exception {
        try (Rig rig = rig(LIMIT)) {
            for (int i = 0; i < PollChoice.FIRST_REST + PollChoice.SETTLING + PollChoice.TRIAL; i++) {
                readAnsweredAfter(rig, 10 * LIMIT);
            }
            assertThat(pollsForRead(rig)).isFalse();
        }
    }

    @Test
    void triesToSleepAfterSomeAnswers() throws Exception {
        try (Rig rig = rig(LIMIT)) {
            for (int i = 0; i < PollChoice.FIRST_REST; i++) {
                readAnsweredAfter(rig, LIMIT / 4);
            }
            assertThat(pollsForRead(rig)).isFalse();
        }
    }

    @Test
    void neverPollsWithALimitOfZero() throws Exception {
        try (Rig rig = rig(0)) {
            assertThat(pollsForRead(rig)).isFalse();
        }
    }

    @Test
    void sleepsOnALoopThatCannotPoll() {
        FastThreadLocal.removeAll();
        try (Rig rig = rig(LIMIT)) {
            readAnsweredAfter(rig, 0);
            rig.assertWorks();
        }
    }
}
