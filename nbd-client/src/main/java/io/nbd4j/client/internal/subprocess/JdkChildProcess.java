package io.nbd4j.client.internal.subprocess;

import io.nbd4j.client.ExitStatus;
import java.util.concurrent.CompletableFuture;

/**
 * A child that the JDK started and reaps.
 *
 * <p>The JDK reports a child that was killed by signal n as exit value 128 + n, which a shell also returns for a command
 * of its own that was killed. The two can't be told apart, so 129 to 192 are read as signals 1 to 64.
 */
public final class JdkChildProcess implements ChildProcess {
    private static final int SIGNAL_BASE = 128;
    private static final int LAST_SIGNAL = 64;

    private final Process process;
    private final StderrTail stderr;
    private final CompletableFuture<ExitStatus> exit;

    /**
     * Watches a process.
     *
     * @param stderr what is captured; {@link StderrTail#none()} if nothing is
     */
    public JdkChildProcess(Process process, StderrTail stderr) {
        this.process = process;
        this.stderr = stderr;
        this.exit = process.onExit().handle((ended, failure) -> statusOf(process.exitValue()));
    }

    static ExitStatus statusOf(int exitValue) {
        int signal = exitValue - SIGNAL_BASE;
        return signal > 0 && signal <= LAST_SIGNAL ? ExitStatus.signalled(signal) : ExitStatus.exited(exitValue);
    }

    @Override
    public long pid() {
        return process.pid();
    }

    /** {@inheritDoc} It completes on a thread of the JDK. */
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

    // Process.destroy() would also close the three streams, and with them the last replies and the last of stderr; the
    // handle only signals. It compares the start time of the process, so a pid that was given away is safe.

    @Override
    public void terminate() {
        if (process.isAlive()) {
            process.toHandle().destroy();
        }
    }

    @Override
    public void kill() {
        if (process.isAlive()) {
            process.toHandle().destroyForcibly();
        }
    }
}
