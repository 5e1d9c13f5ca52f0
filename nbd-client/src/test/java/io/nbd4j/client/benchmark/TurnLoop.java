package io.nbd4j.client.benchmark;

import io.nbd4j.codec.transmission.TransmissionMode;
import io.nbd4j.codec.verify.HeapAllocation;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.local.LocalIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** An event loop with one {@link InVmChannel} on it, which takes as many turns as it is told to. */
final class TurnLoop implements AutoCloseable {
    /** The bound only ends what hangs. */
    private static final long SECONDS = 60;

    private final EventLoopGroup group =
            new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("in-vm", true), LocalIoHandler.newFactory());
    private final EventLoop loop = group.next();
    private final InVmServer server;
    private final InVmChannel channel;
    private final Semaphore ended = new Semaphore(0);

    private @Nullable Turn turn;
    private int left;
    private @Nullable RuntimeException failure;

    /** Creates a loop, and a channel to a server that agrees on {@code mode}. */
    TurnLoop(TransmissionMode mode) {
        server = new InVmServer(mode);
        channel = new InVmChannel(server, this::delivered);
        loop.register(channel).syncUninterruptibly();
    }

    /** Returns the channel. */
    InVmChannel channel() {
        return channel;
    }

    /** Returns the server at its other end, which belongs to the loop. */
    InVmServer server() {
        return server;
    }

    /** Takes {@code count} turns, one after the other. Not on the loop; one call at a time. */
    void run(Turn what, int count) {
        loop.execute(() -> {
            turn = what;
            left = count;
            begin();
        });
        try {
            if (!ended.tryAcquire(SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("no answer");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
        if (failure != null) {
            throw failure;
        }
    }

    private void begin() {
        Turn current = turn;
        if (current != null) {
            try {
                current.begin();
            } catch (RuntimeException e) {
                end(e);
            }
        }
    }

    private void delivered() {
        Turn current = turn;
        if (current != null) {
            try {
                current.end();
            } catch (RuntimeException e) {
                end(e);
                return;
            }
            if (--left > 0) {
                begin();
            } else {
                end(null);
            }
        }
    }

    private void end(@Nullable RuntimeException cause) {
        failure = cause;
        turn = null;
        ended.release();
    }

    /** Returns how much heap the loop's thread has allocated so far, in bytes, garbage included. Not on the loop. */
    long allocatedHeap() {
        return loop.submit(HeapAllocation::ofThisThread).syncUninterruptibly().getNow();
    }

    @Override
    public void close() {
        channel.close().syncUninterruptibly();
        group.shutdownGracefully(0, SECONDS, TimeUnit.SECONDS).syncUninterruptibly();
    }
}
