package io.nbd4j.client.internal.handle;

import io.nbd4j.client.internal.subprocess.ChildProcess;
import io.nbd4j.client.internal.tls.TlsEnd;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.DuplexChannel;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Brings a channel and a child process to their end: politely (the server gets EOF and some time), or at once. Each wait
 * has its limit, so that it comes to an end whatever the other side does, and whatever becomes of the event loop.
 * Confined to that, and to what comes after it.
 */
final class Ending {
    private final EventLoop loop;
    private final LoopAndAfter home;
    private final Duration graceTimeout;
    private final Duration killTimeout;
    private final @Nullable Channel channel;
    private final @Nullable ChildProcess child;
    private final Runnable whenEnded;
    private final List<ScheduledFuture<?>> timers = new ArrayList<>();

    private boolean started;
    private boolean terminated;
    private boolean ended;

    /**
     * Prepares the end.
     *
     * @param channel null if there is none
     * @param child null if there is none
     * @param whenEnded runs once, on the event loop or after it, when the channel is closed and the child was reaped
     */
    Ending(
            EventLoop loop,
            ClientSettings settings,
            @Nullable Channel channel,
            @Nullable ChildProcess child,
            Runnable whenEnded) {
        this.loop = loop;
        this.home = new LoopAndAfter(loop);
        this.graceTimeout = settings.graceTimeout();
        this.killTimeout = settings.killTimeout();
        this.channel = channel;
        this.child = child;
        this.whenEnded = whenEnded;
    }

    /** Tells the server that no more will come (EOF), and waits for it to hang up and for the child to end. */
    void politely() {
        if (start()) {
            if (channel instanceof DuplexChannel duplex && channel.isActive()) {
                // Whatever becomes of it, the timer below closes the channel.
                shutdownOutput(duplex);
            } else if (channel != null) {
                channel.close();
            }
            after(graceTimeout, this::atOnce);
        }
    }

    private static void shutdownOutput(DuplexChannel channel) {
        Future<?> underTls = TlsEnd.say(channel);
        if (underTls == null) {
            channel.shutdownOutput();
        } else {
            underTls.addListener(said -> channel.shutdownOutput());
        }
    }

    /** Closes the channel now, and gives the child, which sees EOF, the grace time to end by itself. */
    void withoutGoodbye() {
        if (start()) {
            if (channel != null) {
                channel.close();
            }
            after(graceTimeout, this::atOnce);
        }
    }

    /** Closes the channel now, and ends the child: SIGTERM, then SIGKILL. May also cut one of the others short. */
    void atOnce() {
        start();
        if (terminated || ended) {
            return;
        }
        terminated = true;
        if (channel != null) {
            channel.close();
        }
        ChildProcess running = child;
        if (running != null) {
            running.terminate();
            after(killTimeout, running::kill);
        }
    }

    /** Returns false if it was started before. */
    private boolean start() {
        if (started) {
            return false;
        }
        started = true;
        if (channel != null) {
            channel.closeFuture().addListener(closed -> channelClosed());
        }
        if (child != null) {
            child.onExit().thenRun(() -> home.execute(this::childExited));
        }
        // Never within the call: its caller may not be done with what the end makes public.
        home.execute(this::check);
        return true;
    }

    private void channelClosed() {
        if (child != null && !child.seesEndOfConnection()) {
            // It would wait for the next client for ever.
            atOnce();
        }
        check();
    }

    private void childExited() {
        // Something that the child has started may hold its end of the channel: there is nobody left to talk to.
        if (channel != null) {
            channel.close();
        }
        check();
    }

    private void after(Duration delay, Runnable action) {
        if (loop.isShuttingDown()) {
            afterWithoutLoop(delay, action);
            return;
        }
        ScheduledFuture<?> timer = loop.schedule(action, delay.toNanos(), TimeUnit.NANOSECONDS);
        timers.add(timer);
        timer.addListener(done -> {
            if (done.isCancelled() && !ended) {
                // By the event loop, which is shutting down. That is no reason to give the child less time.
                afterWithoutLoop(delay, action);
            }
        });
    }

    private void afterWithoutLoop(Duration delay, Runnable action) {
        timers.add(GlobalEventExecutor.INSTANCE.schedule(
                () -> home.execute(action), delay.toNanos(), TimeUnit.NANOSECONDS));
    }

    private void check() {
        boolean closed = channel == null || channel.closeFuture().isDone();
        boolean reaped = child == null || child.onExit().isDone();
        if (!ended && closed && reaped) {
            ended = true;
            timers.forEach(timer -> timer.cancel(false));
            whenEnded.run();
        }
    }
}
