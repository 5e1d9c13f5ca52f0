package io.nbd4j.client.internal.subprocess.socketpair;

import io.nbd4j.client.internal.subprocess.ChildProcess;
import io.nbd4j.client.internal.subprocess.EpollLoops;
import io.nbd4j.client.internal.subprocess.Executable;
import io.nbd4j.client.internal.subprocess.LaunchSpec;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.channel.unix.Socket;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Starts a child that is given a listening socket, as systemd's socket activation does it. */
public final class SocketActivation {
    /**
     * Only the child knows its own process id before it runs the command, and a shell is the only one that can tell it.
     * What systemd may have told this process about itself is not for the child.
     */
    private static final String SCRIPT = "unset LISTEN_PIDFDID; LISTEN_PID=$$; export LISTEN_PID; exec \"$@\"";

    private static final Path SHELL = Path.of("/bin/sh");
    private static final String UNNAMED = "unknown";

    private final Supplier<LibcProbe> probe;

    /** What it needs is probed when it is first asked for, once per JVM. */
    public SocketActivation() {
        this(LibcProbe::ofThisJvm);
    }

    SocketActivation(Supplier<LibcProbe> probe) {
        this.probe = probe;
    }

    /**
     * A child that was started.
     *
     * @param child removes the socket when it has ended
     * @param socket where it listens: who connects before it accepts has to wait
     */
    public record Activated(ChildProcess child, Path socket) {}

    /** Returns why it does not work here, or null if it does. */
    public @Nullable String unavailableBecause(EventLoop loop) {
        String reason = probe.get().reason();
        return reason != null ? reason : EpollLoops.unavailableBecause(loop);
    }

    /**
     * Starts the child. Runs on the spawn thread and may block.
     *
     * @param name of the socket, for the child; empty for none
     * @param loop watches the child
     * @throws IOException if the child could not be started; nothing is left behind
     */
    public Activated launch(Executable executable, String name, IoEventLoop loop) throws IOException {
        String command = executable.spec().argv().get(0);
        Libc libc = probe.get().libc();
        String reason = unavailableBecause(loop);
        if (libc == null || reason != null) {
            throw new IOException(
                    "socket activation is not available: " + reason + ". A server that is started on a Unix socket"
                            + " of its own, such as nbdkit -U PATH or qemu-nbd -k PATH, can be reached with connectUnix");
        }
        if (loop.isShuttingDown()) {
            throw new IOException("could not start " + command + ": the event loop is shutting down");
        }
        SocketDirectory directory = SocketDirectory.create();
        try (Descriptor listener = listen(libc, directory.socket())) {
            ChildProcess child = ChildStart.start(
                    libc, throughShell(executable, name), new ChildSocket.Listener(listener), command, loop);
            return new Activated(new ActivatedChild(child, directory), directory.socket());
        } catch (LibcException e) {
            directory.remove();
            throw new IOException("could not start " + command + ": " + e.getMessage(), e);
        } catch (IOException | RuntimeException | Error e) {
            directory.remove();
            throw e;
        }
    }

    private static Descriptor listen(Libc libc, Path path) throws IOException {
        Socket socket = Socket.newSocketDomain();
        Descriptor listener = new Descriptor(libc, socket.intValue());
        try {
            socket.bind(new DomainSocketAddress(path.toFile()));
            socket.listen(NetUtil.SOMAXCONN);
            // Servers wait in accept.
            listener.setNonBlocking(false);
            listener.moveAboveStdio();
            return listener;
        } catch (IOException | RuntimeException e) {
            listener.close();
            throw e;
        }
    }

    /** Returns the shell that becomes the command. The variables replace those that this process has inherited. */
    private static Executable throughShell(Executable executable, String name) {
        LaunchSpec spec = executable.spec();
        List<String> argv = new ArrayList<>(
                List.of("sh", "-c", SCRIPT, "sh", executable.file().toString()));
        argv.addAll(spec.argv().subList(1, spec.argv().size()));
        Map<String, String> environment = new HashMap<>(spec.environment());
        environment.put("LISTEN_PID", "");
        environment.put("LISTEN_FDS", "1");
        environment.put("LISTEN_FDNAMES", name.isEmpty() ? UNNAMED : name);
        return new Executable(SHELL, new LaunchSpec(argv, environment, spec.directory(), spec.stderr()));
    }
}
