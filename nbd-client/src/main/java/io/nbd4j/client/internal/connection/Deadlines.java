package io.nbd4j.client.internal.connection;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Gives up the commands that take too long. They all have the same limit, so they are due in the order in which they came:
 * a list whose links are in the commands, and one timer for the connection, set for the first of them.
 */
final class Deadlines {
    private final EventLoop loop;
    private final long limitNanos;
    private final Runnable check = this::check;

    private @Nullable Command<?> first;
    private @Nullable Command<?> last;
    private @Nullable ScheduledFuture<?> timer;
    private boolean stopped;

    /** Creates deadlines that are {@code limitNanos} after a command has come; 0 for none. */
    Deadlines(EventLoop loop, long limitNanos) {
        this.loop = loop;
        this.limitNanos = limitNanos;
    }

    /** A command has come. */
    void add(Command<?> command) {
        if (limitNanos == 0 || stopped) {
            return;
        }
        command.deadline = loop.ticker().nanoTime() + limitNanos;
        Command<?> before = last;
        command.dueBefore = before;
        if (before == null) {
            first = command;
        } else {
            before.dueAfter = command;
        }
        last = command;
        if (timer == null) {
            timer = loop.schedule(check, limitNanos, TimeUnit.NANOSECONDS);
        }
    }

    /** A command has ended. Does nothing if it was never added. */
    void remove(Command<?> command) {
        Command<?> before = command.dueBefore;
        if (before == null && first != command) {
            return;
        }
        Command<?> after = command.dueAfter;
        command.dueBefore = null;
        command.dueAfter = null;
        if (before == null) {
            first = after;
        } else {
            before.dueAfter = after;
        }
        if (after == null) {
            last = before;
        } else {
            after.dueBefore = before;
        }
    }

    /** The connection has ended. */
    void stop() {
        stopped = true;
        ScheduledFuture<?> scheduled = timer;
        timer = null;
        if (scheduled != null) {
            scheduled.cancel(false);
        }
    }

    private void check() {
        long now = loop.ticker().nanoTime();
        Command<?> due = first;
        while (due != null && due.deadline - now <= 0 && !stopped) {
            // Takes it out of the list. Its caller may send new commands, whose deadlines are behind all others.
            due.expire(limitNanos);
            due = first;
        }
        timer = due == null || stopped ? null : loop.schedule(check, due.deadline - now, TimeUnit.NANOSECONDS);
    }
}
