package io.nbd4j.client.internal.subprocess;

import io.nbd4j.client.ExitStatus;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

/** A child that records what is done to it and ends when a test says so. */
public final class FakeChild implements ChildProcess {
    private final CompletableFuture<ExitStatus> exit = new CompletableFuture<>();
    private final List<String> calls = new CopyOnWriteArrayList<>();
    private final boolean endsWhenAsked;

    public FakeChild(boolean endsWhenAsked) {
        this.endsWhenAsked = endsWhenAsked;
    }

    public List<String> calls() {
        return calls;
    }

    public void end(ExitStatus status) {
        exit.complete(status);
    }

    @Override
    public long pid() {
        return 4711;
    }

    @Override
    public CompletableFuture<ExitStatus> onExit() {
        return exit;
    }

    @Override
    public CompletableFuture<Void> onStderrEnd() {
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public String stderrTail() {
        return "";
    }

    @Override
    public void terminate() {
        calls.add("terminate");
        if (endsWhenAsked) {
            end(ExitStatus.signalled(15));
        }
    }

    @Override
    public void kill() {
        calls.add("kill");
        end(ExitStatus.signalled(9));
    }

    @Override
    public void removeFiles() {
        calls.add("remove files");
    }
}
