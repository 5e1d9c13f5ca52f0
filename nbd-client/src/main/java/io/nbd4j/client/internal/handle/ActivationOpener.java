package io.nbd4j.client.internal.handle;

import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.SubprocessTransport;
import io.nbd4j.client.internal.connection.ReceiveBuffers;
import io.nbd4j.client.internal.subprocess.LaunchSpec;
import io.nbd4j.client.internal.subprocess.ladder.Launcher;
import io.nbd4j.client.internal.subprocess.socketpair.SocketActivation.Activated;
import io.nbd4j.client.internal.transport.SocketConnector;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.IoEventLoop;
import io.netty.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/** Starts a server that is given a listening socket, and connects to that. Confined as {@link LinkOpener} is. */
final class ActivationOpener {
    private final IoEventLoop loop;
    private final ClientSettings settings;
    private final ChannelHandler handlers;
    private final LinkOpener.Listener listener;
    private final Launcher launcher;

    private boolean isCutShort;
    private @Nullable Future<Channel> connecting;

    /** As that of {@link LinkOpener}. */
    ActivationOpener(
            IoEventLoop loop,
            ClientSettings settings,
            ChannelHandler handlers,
            LinkOpener.Listener listener,
            Launcher launcher) {
        this.loop = loop;
        this.settings = settings;
        this.handlers = handlers;
        this.listener = listener;
        this.launcher = launcher;
    }

    /** Starts opening. Returns what cuts it short; the listener hears of an end in any case. */
    Runnable open(NbdTarget.SocketActivation target) {
        LaunchSpec spec = new LaunchSpec(target.argv(), target.environment(), target.directory(), target.stderr());
        LoopAndAfter home = new LoopAndAfter(loop);
        launcher.activate(spec, target.name(), loop)
                .whenComplete((activated, failure) -> home.execute(() -> launched(target, activated, failure)));
        return this::cutShort;
    }

    private void cutShort() {
        isCutShort = true;
        if (connecting != null) {
            connecting.cancel(false);
        }
    }

    private void launched(
            NbdTarget.SocketActivation target, @Nullable Activated activated, @Nullable Throwable failure) {
        if (activated == null) {
            if (failure != null) {
                listener.notOpened(LinkOpener.notStarted(target.argv(), failure));
            }
            return;
        }
        if (loop.isShuttingDown()) {
            LinkOpener.endUnused(loop, settings, activated.child(), listener);
            return;
        }
        DefaultSubprocess subprocess =
                new DefaultSubprocess(activated.child(), target.argv(), SubprocessTransport.SOCKET_ACTIVATION);
        ReceiveBuffers buffers = new ReceiveBuffers();
        Future<Channel> attempt = SocketConnector.connectUnix(
                loop, activated.socket().toString(), settings.connectTimeout(), buffers, handlers);
        connecting = attempt;
        attempt.addListener(done -> {
            if (done.isSuccess()) {
                listener.opened(new Link(attempt.getNow(), buffers, subprocess, "unix"));
            } else {
                failed(subprocess, done.cause());
            }
        });
        if (isCutShort) {
            attempt.cancel(false);
        }
    }

    /** The child is ended before anybody hears of the failure, which it may explain. */
    private void failed(DefaultSubprocess subprocess, Throwable cause) {
        ChildReport.await(loop, isCutShort ? null : subprocess, status -> {
            Runnable tell =
                    () -> listener.notOpened(Failures.notAccepted(subprocess, status, cause, LinkOpener.reason(cause)));
            new Ending(loop, settings, null, subprocess.child(), tell).atOnce();
        });
    }
}
