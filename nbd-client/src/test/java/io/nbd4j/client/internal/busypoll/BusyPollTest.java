package io.nbd4j.client.internal.busypoll;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.NbdClientBuilder;
import io.netty.channel.DefaultSelectStrategyFactory;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.SelectStrategy;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.FastThreadLocal;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BusyPollTest {
    private static final int EVENTS = 3;

    private final MockTicker ticker = Ticker.newMockTicker();
    private final BusyPoll poll = new BusyPoll(ticker);

    @AfterEach
    void forget() {
        FastThreadLocal.removeAll();
    }

    private int strategy() throws Exception {
        return poll.calculateStrategy(() -> EVENTS, false);
    }

    @Test
    void sleepsWhenNobodyExpectsAnything() throws Exception {
        assertThat(strategy()).isEqualTo(SelectStrategy.SELECT);
    }

    @Test
    void looksForEventsUntilTheTimeIsOverAndSleepsThen() throws Exception {
        poll.until(poll.nanoTime() + 100);

        assertThat(strategy()).isEqualTo(EVENTS);
        ticker.advance(99, TimeUnit.NANOSECONDS);
        assertThat(strategy()).isEqualTo(EVENTS);
        ticker.advance(1, TimeUnit.NANOSECONDS);
        assertThat(strategy()).isEqualTo(SelectStrategy.SELECT);
    }

    @Test
    void sleepsWhenToldTo() throws Exception {
        poll.until(poll.nanoTime() + 100);
        poll.stop();

        assertThat(strategy()).isEqualTo(SelectStrategy.SELECT);
    }

    @Test
    void neverSleepsWhileThereAreTasks() throws Exception {
        assertThat(poll.calculateStrategy(() -> EVENTS, true)).isEqualTo(EVENTS);
    }

    @Test
    void isKnownOnTheThreadOfItsLoopAlone() throws Exception {
        assertThat(BusyPoll.ofCurrentLoop()).isNull();
        strategy();
        assertThat(BusyPoll.ofCurrentLoop()).isSameAs(poll);
    }

    @Test
    void eachLoopOfAGroupHasItsOwn() throws Exception {
        IoEventLoopGroup group =
                NbdClientBuilder.newEventLoopGroup(2, new DefaultThreadFactory("busy-poll-test", true));
        try {
            BusyPoll first = group.next().submit(BusyPoll::ofCurrentLoop).get();
            BusyPoll second = group.next().submit(BusyPoll::ofCurrentLoop).get();

            if (Runtime.getRuntime().availableProcessors() > 1) {
                assertThat(first).isNotNull().isNotSameAs(second);
                assertThat(second).isNotNull();
            } else {
                assertThat(first).isNull();
            }
        } finally {
            group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
        }
    }

    @Test
    void aSingleProcessorIsLeftToTheServer() {
        assertThat(BusyPoll.factory(1)).isSameAs(DefaultSelectStrategyFactory.INSTANCE);
        assertThat(BusyPoll.factory(2).newSelectStrategy()).isInstanceOf(BusyPoll.class);
    }
}
