package io.nbd4j.client.internal.subprocess.stream;

import io.nbd4j.client.StderrPolicy;
import io.nbd4j.client.SubprocessTransport;
import io.nbd4j.client.internal.subprocess.Executable;
import io.nbd4j.client.internal.subprocess.JdkChildProcess;
import io.nbd4j.client.internal.subprocess.JdkStart;
import io.nbd4j.client.internal.subprocess.Launched;
import io.nbd4j.client.internal.subprocess.Rung;
import io.nbd4j.client.internal.subprocess.StderrTail;
import io.nbd4j.client.internal.subprocess.StderrThread;
import io.nbd4j.client.internal.transport.ProcessAddress;
import io.nbd4j.client.internal.transport.stream.StreamChannel;
import io.netty.channel.EventLoop;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Starts a child whose standard input and output are the JDK's streams. Slow, and works with any event loop.
 *
 * <p>The JDK owns the descriptors: when the child ends it keeps what it had written, and closes them. What a grandchild
 * would write after that is lost, and the channel ends with the child, not with the last holder of its output.
 */
public final class StreamRung implements Rung {
    @Override
    public SubprocessTransport transport() {
        return SubprocessTransport.STREAM;
    }

    @Override
    public @Nullable String unavailableBecause(EventLoop loop) {
        return null;
    }

    @Override
    public Launched launch(Executable executable, EventLoop loop) throws IOException {
        String command = executable.spec().argv().get(0);
        if (loop.isShuttingDown()) {
            throw new IOException("could not start " + command + ": the event loop is shutting down");
        }
        Process process = JdkStart.start(JdkStart.prepare(executable), executable);
        try {
            long pid = process.pid();
            StderrTail tail = StderrTail.none();
            if (executable.spec().stderr() == StderrPolicy.CAPTURE) {
                tail = StderrTail.logging(command, pid);
                StderrThread.start(process.getErrorStream(), tail, pid);
            }
            StreamChannel channel = new StreamChannel(
                    process.getInputStream(), process.getOutputStream(), new ProcessAddress(command, pid));
            return new Launched(channel, new JdkChildProcess(process, tail));
        } catch (RuntimeException | Error e) {
            process.destroyForcibly();
            throw e;
        }
    }
}
