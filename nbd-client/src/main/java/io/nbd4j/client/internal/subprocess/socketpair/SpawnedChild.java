package io.nbd4j.client.internal.subprocess.socketpair;

import io.nbd4j.client.ExitStatus;
import io.nbd4j.client.internal.subprocess.ChildProcess;
import io.nbd4j.client.internal.subprocess.StderrTail;
import io.netty.channel.IoEventLoop;
import java.util.concurrent.CompletableFuture;

/** A child that {@link Spawn} started. Its exit is watched by an {@link ExitWatch}. */
final class SpawnedChild implements ChildProcess {
    private static final int SIGKILL = 9;
    private static final int SIGTERM = 15;

    private final Reaper reaper;
    private final StderrTail stderr;
    private final CompletableFuture<ExitStatus> exit;

    private SpawnedChild(Reaper reaper, StderrTail stderr, CompletableFuture<ExitStatus> exit) {
        this.reaper = reaper;
        this.stderr = stderr;
        this.exit = exit;
    }

    /** Begins to watch a process that was just started. If that fails, memory being short, the process is ended. */
    static SpawnedChild watch(Libc libc, int pid, StderrTail stderr, IoEventLoop loop) {
        Reaper reaper = new Reaper(libc, pid);
        try {
            return new SpawnedChild(reaper, stderr, ExitWatch.start(libc, reaper, loop));
        } catch (RuntimeException | Error e) {
            reaper.endNow();
            throw e;
        }
    }

    @Override
    public long pid() {
        return reaper.pid();
    }

    /** {@inheritDoc} It completes on the event loop; on the spawn thread if the loop has ended before the child. */
    @Override
    public CompletableFuture<ExitStatus> onExit() {
        return exit;
    }

    @Override
    public CompletableFuture<Void> onStderrEnd() {
        return stderr.ended();
    }

    @Override
    public String stderrTail() {
        return stderr.text();
    }

    @Override
    public void terminate() {
        reaper.signal(SIGTERM);
    }

    @Override
    public void kill() {
        reaper.signal(SIGKILL);
    }
}
