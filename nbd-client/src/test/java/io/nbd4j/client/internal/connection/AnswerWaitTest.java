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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When the event loop polls for an answer. The test's thread is the event loop. */
class AnswerWaitTest {
    private static final long LIMIT = 100_000;

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
    void sleepsWhenSeveralAnswersAreOwed() throws Exception {
        try (Rig rig = rig(LIMIT)) {
            List<NbdFuture<ByteBuf>> reads = List.of(rig.commands.read(512, 0), rig.commands.read(512, 512));
            List<Request> requests = rig.requests();
            assertThat(polls()).isFalse();

            requests.forEach(rig::answerRead);
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
