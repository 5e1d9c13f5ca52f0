package io.nbd4j.client.internal.subprocess.pipe;

import io.nbd4j.client.StderrPolicy;
import io.nbd4j.client.SubprocessTransport;
import io.nbd4j.client.internal.logging.Loggers;
import io.nbd4j.client.internal.subprocess.EpollLoops;
import io.nbd4j.client.internal.subprocess.EpollStderr;
import io.nbd4j.client.internal.subprocess.Executable;
import io.nbd4j.client.internal.subprocess.JdkChildProcess;
import io.nbd4j.client.internal.subprocess.JdkStart;
import io.nbd4j.client.internal.subprocess.Launched;
import io.nbd4j.client.internal.subprocess.Rung;
import io.nbd4j.client.internal.subprocess.StderrTail;
import io.nbd4j.client.internal.subprocess.socketpair.PipeCapacity;
import io.nbd4j.client.internal.transport.ProcessAddress;
import io.nbd4j.client.internal.transport.pipe.PipeChannel;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Starts a child with a pipe as its standard input and another as its standard output.
 *
 * <p>The pipes are Netty's and the JDK never owns them. If it did, it would read the last replies into an array of its
 * own and close the descriptor as soon as the child ends.
 */
public final class PipeRung implements Rung {
    /** The largest pipe that a process without privileges may have, unless the administrator says otherwise. */
    static final int CAPACITY = 1 << 20;

    private static final Logger LOG = Loggers.SUBPROCESS;

    @Override
    public SubprocessTransport transport() {
        return SubprocessTransport.PIPE;
    }

    @Override
    public @Nullable String unavailableBecause(EventLoop loop) {
        String reason = EpollLoops.unavailableBecause(loop);
        return reason != null ? reason : PipeProbe.unavailableBecause();
    }

    @Override
    public Launched launch(Executable executable, EventLoop loop) throws IOException {
        String reason = unavailableBecause(loop);
        if (reason != null || !(loop instanceof IoEventLoop ioLoop)) {
            throw new IOException("no child can be started with pipes: " + reason);
        }
        String command = executable.spec().argv().get(0);
        if (loop.isShuttingDown()) {
            throw new IOException("could not start " + command + ": the event loop is shutting down");
        }
        try (ChildPipe toChild = ChildPipe.toChild();
                ChildPipe fromChild = ChildPipe.fromChild();
                ChildPipe stderr = openStderr(executable)) {
            enlarge(toChild);
            enlarge(fromChild);
            ProcessBuilder builder = JdkStart.prepare(executable)
                    .redirectInput(Redirect.from(toChild.childsFile()))
                    .redirectOutput(Redirect.to(fromChild.childsFile()));
            if (stderr != null) {
                builder.redirectError(Redirect.to(stderr.childsFile()));
            }
            Process process = JdkStart.start(builder, executable);
            try {
                return connect(process, command, toChild, fromChild, stderr, ioLoop);
            } catch (RuntimeException | Error e) {
                process.destroyForcibly();
                throw e;
            }
        }
    }

    private static @Nullable ChildPipe openStderr(Executable executable) throws IOException {
        return executable.spec().stderr() == StderrPolicy.CAPTURE ? ChildPipe.fromChild() : null;
    }

    private static void enlarge(ChildPipe pipe) {
        if (!PipeCapacity.set(pipe.ours().intValue(), CAPACITY)) {
            String reason = PipeCapacity.unavailableBecause();
            LOG.trace("A pipe keeps its default capacity: {}", reason == null ? "the kernel refused" : reason);
        }
    }

    private static Launched connect(
            Process process,
            String command,
            ChildPipe toChild,
            ChildPipe fromChild,
            @Nullable ChildPipe stderr,
            IoEventLoop loop) {
        long pid = process.pid();
        StderrTail tail = stderr == null ? StderrTail.none() : StderrTail.logging(command, pid);
        JdkChildProcess child = new JdkChildProcess(process, tail);
        PipeChannel channel = new PipeChannel(fromChild.ours(), toChild.ours(), new ProcessAddress(command, pid));
        fromChild.release();
        toChild.release();
        if (stderr != null) {
            stderr.release();
            EpollStderr.start(stderr.ours(), tail, loop);
        }
        return new Launched(channel, child);
    }
}
