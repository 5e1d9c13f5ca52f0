package io.nbd4j.client.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.MockTicker;
import io.netty.util.concurrent.Ticker;
import java.util.concurrent.TimeUnit;

/** An event loop that works when it is told to, on the thread that tells it, and whose time stands still. */
final class HandLoop implements AutoCloseable {
    /** Far more turns than anything here needs; more are a loop that spins. */
    private static final int TURNS = 10_000;

    private static final IoHandlerFactory IO =
            Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();

    private final MockTicker ticker = Ticker.newMockTicker();
    private final ManualIoEventLoop loop = new ManualIoEventLoop(null, Thread.currentThread(), IO, ticker);

    IoEventLoop loop() {
        return loop;
    }

    /** Works until there is nothing to do. */
    void run() {
        int turns = 0;
        while (loop.runNow() > 0) {
            assertThat(++turns).as("turns of the event loop").isLessThan(TURNS);
        }
    }

    /** Lets time pass, and does what is due then. */
    void pass(long seconds) {
        ticker.advance(seconds, TimeUnit.SECONDS);
        run();
    }

    @Override
    public void close() {
        loop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
        for (int turns = 0; !loop.isTerminated(); turns++) {
            assertThat(turns).as("turns of the event loop, to shut down").isLessThan(TURNS);
            ticker.advance(1, TimeUnit.SECONDS); // While its time stands still, it sleeps between two looks at it.
            loop.runNow();
        }
    }
}
