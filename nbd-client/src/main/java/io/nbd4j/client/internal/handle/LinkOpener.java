package io.nbd4j.client.internal.handle;

import io.nbd4j.client.ConnectFailedException;
import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.NbdException;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.RequestFate;
import io.nbd4j.client.SubprocessException;
import io.nbd4j.client.internal.connection.ReceiveBuffers;
import io.nbd4j.client.internal.subprocess.ChildProcess;
import io.nbd4j.client.internal.subprocess.CommandLookupException;
import io.nbd4j.client.internal.subprocess.LaunchSpec;
import io.nbd4j.client.internal.subprocess.Launched;
import io.nbd4j.client.internal.subprocess.ladder.Launcher;
import io.nbd4j.client.internal.transport.SocketConnector;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelPromise;
import io.netty.channel.EventLoop;
import io.netty.channel.IoEventLoop;
import io.netty.util.concurrent.Future;
import java.io.FileNotFoundException;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Opens the link to a target. Confined to the event loop of the handle, and to what comes after it. */
final class LinkOpener {
    /** The one of the JVM: the probe of the platform and the thread that spawns are shared. */
    private static final class Launchers {
        static final Launcher SHARED = Launcher.create();
    }

    /** Hears how it went, once, on the event loop; that there is no link, maybe after it. */
    interface Listener {
        /** The link is open; it belongs to the listener. The handlers are in the channel, and it is registered. */
        void opened(Link link);

        /** There is no link, and nothing was left behind. */
        void notOpened(NbdException cause);
    }

    private final IoEventLoop loop;
    private final ClientSettings settings;
    private final ChannelHandler handlers;
    private final Listener listener;
    private final Supplier<Launcher> launchers;
    private final ReceiveBuffers buffers = new ReceiveBuffers();

    /**
     * Prepares to open.
     *
     * @param loop for what is made; an adopted channel has its own, and is opened on that
     * @param handlers sharable; adds what the handshake needs to a channel. More than one channel may be tried
     */
    LinkOpener(IoEventLoop loop, ClientSettings settings, ChannelHandler handlers, Listener listener) {
        this(loop, settings, handlers, listener, () -> Launchers.SHARED);
    }

    LinkOpener(
            IoEventLoop loop,
            ClientSettings settings,
            ChannelHandler handlers,
            Listener listener,
            Supplier<Launcher> launchers) {
        this.loop = loop;
        this.settings = settings;
        this.handlers = handlers;
        this.listener = listener;
        this.launchers = launchers;
    }

    /** Starts opening. Returns what cuts it short; the listener hears of an end in any case. */
    Runnable open(NbdTarget target) {
        if (!(target instanceof NbdTarget.Adopted) && loop.isShuttingDown()) {
            // What is begun now would not go on.
            listener.notOpened(Failures.eventLoopShutDown(null));
            return () -> {};
        }
        if (target instanceof NbdTarget.Command command) {
            launch(command);
            // Starting a process takes a moment and can't be interrupted; its result is awaited, then ended.
            return () -> {};
        }
        if (target instanceof NbdTarget.SocketActivation activation) {
            return new ActivationOpener(loop, settings, handlers, listener, launchers.get()).open(activation);
        }
        if (target instanceof NbdTarget.Adopted adopted) {
            adopt(adopted.channel());
            return () -> {};
        }
        if (target instanceof NbdTarget.Vsock vsock) {
            return connect(
                    SocketConnector.connectVsock(
                            loop, vsock.cid(), vsock.port(), settings.connectTimeout(), buffers, handlers),
                    target,
                    "vsock");
        }
        if (target instanceof NbdTarget.Unix unix) {
            return connect(
                    SocketConnector.connectUnix(loop, unix.path(), settings.connectTimeout(), buffers, handlers),
                    target,
                    "unix");
        }
        NbdTarget.Tcp tcp = (NbdTarget.Tcp) target;
        return connect(
                SocketConnector.connectTcp(loop, tcp.host(), tcp.port(), settings.connectTimeout(), buffers, handlers),
                target,
                "tcp");
    }

    /** On the event loop of the channel, so nothing arrives in between. */
    private void adopt(Channel channel) {
        if (!channel.isOpen()) {
            listener.notOpened(new ConnectionLostException(
                    "the server, or whoever has connected the channel, closed the connection: " + channel,
                    RequestFate.NOT_SENT,
                    null,
                    null,
                    null));
            return;
        }
        if (!channel.isActive()) {
            listener.notOpened(new ConnectFailedException("the channel is not connected: " + channel, null));
            return;
        }
        channel.pipeline().addLast(handlers);
        // The memory that it receives into is chosen when a channel is registered, which it is.
        listener.opened(new Link(channel, null, null, "channel"));
        channel.config().setAutoRead(true);
    }

    private Runnable connect(Future<Channel> connected, NbdTarget target, String transport) {
        connected.addListener(done -> {
            if (done.isSuccess()) {
                listener.opened(new Link(connected.getNow(), buffers, null, transport));
            } else {
                Throwable cause = done.cause();
                listener.notOpened(
                        new ConnectFailedException("can't connect to " + target + ": " + reason(cause), cause));
            }
        });
        return () -> connected.cancel(false);
    }

    /** Returns what the system says, without the name of the system call that native transports put before it. */
    static String reason(Throwable cause) {
        String message = cause.getMessage();
        if (message == null) {
            // Netty's word for ENOENT.
            return cause instanceof FileNotFoundException
                    ? "no such socket"
                    : cause.getClass().getSimpleName();
        }
        return message.replaceFirst("^\\w+\\(\\.\\.\\) failed with error\\(-?\\d+\\): ", "");
    }

    private void launch(NbdTarget.Command command) {
        LaunchSpec spec = new LaunchSpec(command.argv(), command.environment(), command.directory(), command.stderr());
        LoopAndAfter home = new LoopAndAfter(loop);
        launchers
                .get()
                .launch(spec, command.transport(), loop)
                .whenComplete((launch, failure) -> home.execute(() -> launched(command, launch, failure)));
    }

    private void launched(NbdTarget.Command command, Launcher.@Nullable Launch launch, @Nullable Throwable failure) {
        if (launch == null) {
            if (failure != null) {
                listener.notOpened(notStarted(command.argv(), failure));
            }
        } else if (loop.isShuttingDown()) {
            launch.launched().channel().unsafe().closeForcibly();
            endUnused(loop, settings, launch.launched().child(), listener);
        } else {
            register(command, launch);
        }
    }

    /** Ends a child that nobody will ever talk to, as the event loop was shut down while it was started. */
    static void endUnused(EventLoop loop, ClientSettings settings, ChildProcess child, Listener listener) {
        new Ending(loop, settings, null, child, () -> listener.notOpened(Failures.eventLoopShutDown(null))).atOnce();
    }

    static SubprocessException notStarted(List<String> argv, Throwable failure) {
        String what = failure instanceof CommandLookupException
                ? String.valueOf(failure.getMessage())
                : "can't start " + String.join(" ", argv) + ": " + failure.getMessage();
        return new SubprocessException(what, argv, null, "", failure);
    }

    private void register(NbdTarget.Command command, Launcher.Launch launch) {
        Launched launched = launch.launched();
        Channel channel = launched.channel();
        DefaultSubprocess subprocess = new DefaultSubprocess(launched.child(), command.argv(), launch.transport());
        channel.config().setRecvByteBufAllocator(buffers);
        channel.pipeline().addLast(handlers);
        // The listener must know before the channel says that it is active, so it is there before the channel is
        // registered.
        ChannelPromise registration = new DefaultChannelPromise(channel, loop);
        registration.addListener(registered -> {
            if (registered.isSuccess()) {
                listener.opened(new Link(
                        channel, buffers, subprocess, launch.transport().name().toLowerCase(Locale.ROOT)));
            } else {
                Throwable cause = registered.cause();
                new Ending(
                                loop,
                                settings,
                                channel,
                                launched.child(),
                                () -> listener.notOpened(notStarted(command.argv(), cause)))
                        .atOnce();
            }
        });
        channel.unsafe().register(loop, registration);
    }
}
