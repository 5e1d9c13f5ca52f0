package io.nbd4j.client.internal.subprocess.socketpair;

import io.nbd4j.client.ExitStatus;
import io.nbd4j.client.internal.logging.Loggers;
import io.nbd4j.client.internal.subprocess.SpawnThread;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.FutureListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Learns of the exit of one child, without a thread that waits for it, and has it reaped.
 *
 * <p>A pidfd makes the exit an event of the event loop. Where the kernel gives none (before Linux 5.3, or a filter forbids
 * it) a timer of the loop asks. A loop that ends before the child hands over to the spawn thread, which asks from then on:
 * a zombie must not stay because somebody shut a loop down. Confined to the loop; after its end to the spawn thread.
 */
final class ExitWatch {
    private static final Logger LOG = Loggers.SUBPROCESS;

    /** The same on every architecture, unlike older system calls. */
    private static final long SYS_PIDFD_OPEN = 434;

    private static final long FIRST_DELAY_MILLIS = 2;
    private static final long LAST_DELAY_MILLIS = 100;

    private final Reaper reaper;
    private final IoEventLoop loop;
    private final @Nullable FileDescriptor pidfd;
    private final CompletableFuture<ExitStatus> exit = new CompletableFuture<>();
    private final FutureListener<Object> whenLoopEnds =
            ended -> SpawnThread.get().execute(this::askWithoutLoop);
    private @Nullable IoRegistration registration;

    private ExitWatch(Reaper reaper, IoEventLoop loop, @Nullable FileDescriptor pidfd) {
        this.reaper = reaper;
        this.loop = loop;
        this.pidfd = pidfd;
    }

    /** Begins to watch, from any thread. Returns a future that completes once the child was reaped. */
    static CompletableFuture<ExitStatus> start(Libc libc, Reaper reaper, IoEventLoop loop) {
        long opened = libc.syscall(SYS_PIDFD_OPEN, reaper.pid(), 0);
        FileDescriptor pidfd = opened < 0 ? null : new FileDescriptor((int) opened);
        ExitWatch watch = new ExitWatch(reaper, loop, pidfd);
        loop.terminationFuture().addListener(watch.whenLoopEnds);
        try {
            if (pidfd == null) {
                loop.execute(() -> watch.ask(FIRST_DELAY_MILLIS));
            } else {
                loop.register(new Handle(watch, pidfd))
                        .addListener((Future<IoRegistration> registered) -> watch.onRegistered(registered));
            }
        } catch (RejectedExecutionException e) {
            LOG.debug("The event loop of child {} is shutting down; the spawn thread takes over", reaper.pid());
        }
        return watch.exit;
    }

    private void onRegistered(Future<IoRegistration> registered) {
        Throwable problem = registered.isSuccess() ? watch(registered.getNow()) : registered.cause();
        if (problem != null) {
            LOG.debug("The pidfd of child {} can't be watched; a timer asks", reaper.pid(), problem);
            ask(FIRST_DELAY_MILLIS);
        }
    }

    /** Registering only files the handle; the descriptor is watched from the first submit on. Returns what is in the way. */
    private @Nullable Throwable watch(IoRegistration registered) {
        try {
            registered.submit(EpollIoOps.EPOLLIN);
        } catch (UncheckedIOException e) {
            registered.cancel();
            return e;
        }
        registration = registered;
        return null;
    }

    private void ask(long delayMillis) {
        if (finishedNow()) {
            return;
        }
        long next = Math.min(2 * delayMillis, LAST_DELAY_MILLIS);
        try {
            loop.schedule(() -> ask(next), delayMillis, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("The event loop of child {} is shutting down; the spawn thread takes over", reaper.pid());
        }
    }

    private void askWithoutLoop() {
        registration = null;
        if (!exit.isDone() && !finishedNow()) {
            CompletableFuture.delayedExecutor(LAST_DELAY_MILLIS, TimeUnit.MILLISECONDS, SpawnThread.get())
                    .execute(this::askWithoutLoop);
        }
    }

    private boolean finishedNow() {
        ExitStatus status = reaper.reap();
        if (status == null) {
            return false;
        }
        if (registration != null) {
            registration.cancel();
        }
        closePidfd();
        loop.terminationFuture().removeListener(whenLoopEnds);
        exit.complete(status);
        return true;
    }

    private void closePidfd() {
        if (pidfd != null && pidfd.isOpen()) {
            try {
                pidfd.close();
            } catch (IOException e) {
                LOG.debug("A pidfd could not be closed", e);
            }
        }
    }

    /** The pidfd: readable once the child has ended. */
    private record Handle(ExitWatch watch, FileDescriptor fd) implements EpollIoHandle {
        @Override
        public void handle(IoRegistration registration, IoEvent event) {
            watch.finishedNow();
        }

        /** Called by Netty when the loop ends with the handle still registered. */
        @Override
        public void close() {
            watch.registration = null;
            watch.closePidfd();
        }
    }
}
