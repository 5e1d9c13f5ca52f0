package io.nbd4j.client.internal.handle;

import io.nbd4j.client.ExitStatus;
import io.nbd4j.client.Subprocess;
import io.nbd4j.client.SubprocessTransport;
import io.nbd4j.client.internal.subprocess.ChildProcess;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** The child process, as users see it. */
record DefaultSubprocess(ChildProcess child, List<String> argv, SubprocessTransport transport) implements Subprocess {
    @Override
    public long pid() {
        return child.pid();
    }

    @Override
    public CompletableFuture<ExitStatus> onExit() {
        // A copy: what its user completes or cancels must not be what the library waits for.
        return child.onExit().copy();
    }

    @Override
    public Optional<ExitStatus> exitStatus() {
        return Optional.ofNullable(child.onExit().getNow(null));
    }

    @Override
    public String stderrTail() {
        return child.stderrTail();
    }

    @Override
    public void terminate() {
        child.terminate();
    }
}
