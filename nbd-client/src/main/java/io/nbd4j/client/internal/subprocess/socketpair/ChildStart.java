package io.nbd4j.client.internal.subprocess.socketpair;

import io.nbd4j.client.StderrPolicy;
import io.nbd4j.client.internal.subprocess.ChildProcess;
import io.nbd4j.client.internal.subprocess.EpollStderr;
import io.nbd4j.client.internal.subprocess.Executable;
import io.nbd4j.client.internal.subprocess.StderrTail;
import io.netty.channel.IoEventLoop;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;

/** Starts a child, and begins to watch it and its standard error. */
final class ChildStart {
    private ChildStart() {}

    /**
     * Starts the child.
     *
     * @param command what the child is called in the log
     * @throws IOException if it could not be started; no process is left
     */
    static ChildProcess start(Libc libc, Executable executable, ChildSocket socket, String command, IoEventLoop loop)
            throws IOException {
        StderrPolicy policy = executable.spec().stderr();
        if (policy != StderrPolicy.CAPTURE) {
            ChildStderr stderr =
                    policy == StderrPolicy.INHERIT ? new ChildStderr.Inherited() : new ChildStderr.Discarded();
            int pid = new Spawn(libc, executable, socket, stderr).start();
            return SpawnedChild.watch(libc, pid, StderrTail.none(), loop);
        }
        try (DescriptorPair pipe = DescriptorPair.pipe(libc)) {
            int pid = new Spawn(libc, executable, socket, new ChildStderr.To(pipe.child())).start();
            StderrTail tail = StderrTail.logging(command, pid);
            SpawnedChild child = SpawnedChild.watch(libc, pid, tail, loop);
            try {
                EpollStderr.start(new FileDescriptor(pipe.ours().release()), tail, loop);
                return child;
            } catch (RuntimeException | Error e) {
                child.kill();
                throw e;
            }
        }
    }
}
