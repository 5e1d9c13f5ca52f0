package io.nbd4j.client.internal.busypoll;

import io.netty.channel.DefaultSelectStrategyFactory;
import io.netty.channel.SelectStrategy;
import io.netty.channel.SelectStrategyFactory;
import io.netty.util.IntSupplier;
import io.netty.util.concurrent.FastThreadLocal;
import io.netty.util.concurrent.Ticker;
import org.jspecify.annotations.Nullable;

/**
 * Lets an event loop look for events again and again instead of sleeping, for as long as somebody expects one any moment:
 * to sleep and to be woken up takes longer than many a server takes for its answer. Everything else on the loop goes on
 * meanwhile, as the loop makes its ordinary turns.
 *
 * <p>Belongs to one event loop and is confined to it.
 */
public final class BusyPoll implements SelectStrategy {
    private static final FastThreadLocal<@Nullable BusyPoll> OF_THREAD = new FastThreadLocal<>();

    private final Ticker ticker;
    private boolean introduced;
    private boolean polling;
    private long until;

    /** Creates the strategy of one event loop, not polling, by the time of {@code ticker}. */
    public BusyPoll(Ticker ticker) {
        this.ticker = ticker;
    }

    /** Returns what makes the strategies of event loops on a machine with so many processors. */
    public static SelectStrategyFactory factory(int processors) {
        // With a single one, no server could answer while a loop polls.
        return processors > 1 ? () -> new BusyPoll(Ticker.systemTicker()) : DefaultSelectStrategyFactory.INSTANCE;
    }

    /** Returns the strategy of the event loop whose thread this is; null if that sleeps whenever it has nothing to do. */
    public static @Nullable BusyPoll ofCurrentLoop() {
        return OF_THREAD.get();
    }

    /** Returns the time that {@link #until} counts in, in nanoseconds. */
    public long nanoTime() {
        return ticker.nanoTime();
    }

    /** Does not sleep before {@code nanoTime}, unless told to {@link #stop}. The latest call counts. */
    public void until(long nanoTime) {
        polling = true;
        until = nanoTime;
    }

    /** Sleeps again when there is nothing to do. */
    public void stop() {
        polling = false;
    }

    @Override
    public int calculateStrategy(IntSupplier selectNow, boolean hasTasks) throws Exception {
        if (!introduced) {
            // The loop's thread does not exist yet when its strategy is made.
            introduced = true;
            OF_THREAD.set(this);
        }
        if (hasTasks) {
            return selectNow.get();
        }
        if (polling) {
            if (until - ticker.nanoTime() > 0) {
                return selectNow.get();
            }
            polling = false;
        }
        return SelectStrategy.SELECT;
    }
}
