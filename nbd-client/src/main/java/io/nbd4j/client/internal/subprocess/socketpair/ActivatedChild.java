package io.nbd4j.client.internal.subprocess.socketpair;

import io.nbd4j.client.ExitStatus;
import io.nbd4j.client.internal.subprocess.ChildProcess;
import io.nbd4j.client.internal.subprocess.SpawnThread;
import java.util.concurrent.CompletableFuture;

/** A child that listens on a socket in a temporary directory, which is removed with it. */
final class ActivatedChild implements ChildProcess {
    private final ChildProcess child;
    private final SocketDirectory directory;
    private final CompletableFuture<ExitStatus> exit;

    ActivatedChild(ChildProcess child, SocketDirectory directory) {
        this.child = child;
        this.directory = directory;
        // Not on the event loop: it touches the file system.
        this.exit = child.onExit()
                .thenApplyAsync(
                        status -> {
                            directory.remove();
                            return status;
                        },
                        SpawnThread.get());
    }

    @Override
    public long pid() {
        return child.pid();
    }

    /** {@inheritDoc} By then the directory is gone. It completes on the spawn thread. */
    @Override
    public CompletableFuture<ExitStatus> onExit() {
        return exit;
    }

    @Override
    public CompletableFuture<Void> onStderrEnd() {
        return child.onStderrEnd();
    }

    @Override
    public String stderrTail() {
        return child.stderrTail();
    }

    @Override
    public void terminate() {
        child.terminate();
    }

    @Override
    public void kill() {
        child.kill();
    }

    /** Returns false: its standard input has nothing to do with the connection. */
    @Override
    public boolean seesEndOfConnection() {
        return false;
    }

    @Override
    public void removeFiles() {
        directory.remove();
    }
}
