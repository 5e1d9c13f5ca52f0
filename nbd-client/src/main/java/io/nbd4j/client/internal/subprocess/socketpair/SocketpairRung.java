package io.nbd4j.client.internal.subprocess.socketpair;

import io.nbd4j.client.SubprocessTransport;
import io.nbd4j.client.internal.subprocess.EpollLoops;
import io.nbd4j.client.internal.subprocess.Executable;
import io.nbd4j.client.internal.subprocess.Launched;
import io.nbd4j.client.internal.subprocess.Rung;
import io.nbd4j.client.internal.transport.SocketConnector;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import java.io.IOException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Starts a child with one Unix socket as its standard input and output; this process has the other end. */
public final class SocketpairRung implements Rung {
    /**
     * On a Unix socket the sender's buffer limits what is on its way. With this much at the child's end a server's reply
     * of 256 KiB arrives in 2.1 reads instead of 3.0 (the kernel gives what {@code net.core.wmem_max} allows).
     */
    static final int CHILD_SEND_BUFFER = 1024 * 1024;

    private final Supplier<LibcProbe> probe;

    /** Makes the rung; what it needs is probed when it is first asked for, once per JVM. */
    public SocketpairRung() {
        this(LibcProbe::ofThisJvm);
    }

    SocketpairRung(Supplier<LibcProbe> probe) {
        this.probe = probe;
    }

    @Override
    public SubprocessTransport transport() {
        return SubprocessTransport.SOCKETPAIR;
    }

    @Override
    public @Nullable String unavailableBecause(EventLoop loop) {
        // Whether libc can be bound says more, for example that this JDK is too old, so it is asked first.
        String reason = probe.get().reason();
        return reason != null ? reason : EpollLoops.unavailableBecause(loop);
    }

    @Override
    public Launched launch(Executable executable, EventLoop loop) throws IOException {
        Libc libc = probe.get().libc();
        if (libc == null || !(loop instanceof IoEventLoop ioLoop)) {
            throw new IOException("no child can be started with a socket: " + unavailableBecause(loop));
        }
        String command = executable.spec().argv().get(0);
        if (loop.isShuttingDown()) {
            throw new IOException("could not start " + command + ": the event loop is shutting down");
        }
        try (DescriptorPair socket = DescriptorPair.socket(libc)) {
            socket.child().setSendBuffer(CHILD_SEND_BUFFER);
            socket.ours().setSendBuffer(SocketConnector.UNIX_SEND_BUFFER);
            Channel channel = new EpollDomainSocketChannel(socket.ours().number());
            socket.ours().release();
            try {
                return new Launched(
                        channel,
                        ChildStart.start(libc, executable, new ChildSocket.Stdio(socket.child()), command, ioLoop));
            } catch (IOException | RuntimeException | Error e) {
                channel.unsafe().closeForcibly();
                throw e;
            }
        } catch (LibcException e) {
            throw new IOException("could not start " + command + ": " + e.getMessage(), e);
        }
    }
}
