package io.nbd4j.client.internal.connection;

import io.nbd4j.client.internal.tls.HoldsBack;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Notices a server that owes replies, or has yet to take what was sent, and does nothing: neither a byte comes from it, nor
 * does it take any. One timer for the connection, set while there is something to wait for.
 */
final class StallWatch {
    /** What is watched. */
    interface Watched {
        /** Returns the channel while replies are owed, or the server has yet to take something; null otherwise. */
        @Nullable
        Channel channelThatOwes();

        /** The server did nothing for the whole limit. */
        void stalled(long limitMillis);
    }

    private final EventLoop loop;
    private final long limitNanos;
    private final Watched watched;
    private final Backlog backlog = new Backlog();
    private final Runnable check = this::check;

    private long lastProgress;
    private @Nullable ScheduledFuture<?> timer;

    /** Creates a watch that lets {@code limitNanos} pass; 0 for ever. */
    StallWatch(EventLoop loop, long limitNanos, Watched watched) {
        this.loop = loop;
        this.limitNanos = limitNanos;
        this.watched = watched;
    }

    /** Says which handler of the channel holds back what is sent, null for none. */
    void heldBackBy(@Nullable HoldsBack handler) {
        backlog.heldBackBy(handler);
    }

    /** From now on a reply is owed. */
    void start() {
        if (limitNanos > 0) {
            lastProgress = now();
            if (timer == null) {
                timer = loop.schedule(check, limitNanos, TimeUnit.NANOSECONDS);
            }
        }
    }

    /** Something waits for the server to take more, though no reply is owed. */
    void startIfIdle() {
        if (timer == null) {
            start();
        }
    }

    /** Bytes came from the server. */
    void received() {
        if (limitNanos > 0) {
            lastProgress = now();
        }
    }

    /** Runs {@code flush}, which hands the transport more bytes; that the ones before have left counts as progress. */
    void around(Channel channel, Runnable flush) {
        if (limitNanos == 0) {
            flush.run();
            return;
        }
        notice(channel);
        flush.run();
        backlog.count(channel);
    }

    private void notice(Channel channel) {
        if (backlog.hasShrunk(channel)) {
            lastProgress = now();
        }
    }

    /** The connection has ended. */
    void stop() {
        ScheduledFuture<?> scheduled = timer;
        timer = null;
        if (scheduled != null) {
            scheduled.cancel(false);
        }
    }

    private void check() {
        timer = null;
        Channel channel = watched.channelThatOwes();
        if (channel == null) {
            return;
        }
        notice(channel);
        long left = limitNanos - (now() - lastProgress);
        if (left > 0) {
            timer = loop.schedule(check, left, TimeUnit.NANOSECONDS);
        } else {
            watched.stalled(TimeUnit.NANOSECONDS.toMillis(limitNanos));
        }
    }

    private long now() {
        return loop.ticker().nanoTime();
    }
}
