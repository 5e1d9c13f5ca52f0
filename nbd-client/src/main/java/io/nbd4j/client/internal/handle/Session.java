package io.nbd4j.client.internal.handle;

import io.nbd4j.client.CloseMode;
import io.nbd4j.client.ConnectFailedException;
import io.nbd4j.client.ConnectionState;
import io.nbd4j.client.ExitStatus;
import io.nbd4j.client.ExportInfo;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdException;
import io.nbd4j.client.NbdStatistics;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.NbdUri;
import io.nbd4j.client.NegotiationStatus;
import io.nbd4j.client.TlsMode;
import io.nbd4j.client.TlsSession;
import io.nbd4j.client.internal.capture.Capture;
import io.nbd4j.client.internal.connection.Connection;
import io.nbd4j.client.internal.connection.ConnectionOwner;
import io.nbd4j.client.internal.connection.Loss;
import io.nbd4j.client.internal.connection.StrictMode;
import io.nbd4j.client.internal.connection.Traffic;
import io.nbd4j.client.internal.logging.Loggers;
import io.nbd4j.client.internal.negotiation.ExportWish;
import io.nbd4j.client.internal.negotiation.NegotiatedExport;
import io.nbd4j.client.internal.negotiation.NegotiationFacts;
import io.nbd4j.client.internal.negotiation.NegotiationFailure;
import io.nbd4j.client.internal.negotiation.NegotiationHandler;
import io.nbd4j.client.internal.negotiation.NegotiationListener;
import io.nbd4j.client.internal.negotiation.OptionCallback;
import io.nbd4j.client.internal.negotiation.OptionFailure;
import io.nbd4j.client.internal.negotiation.OptionResult;
import io.nbd4j.client.internal.negotiation.ReceivedBytes;
import io.nbd4j.client.internal.tls.TlsLayer;
import io.netty.channel.IoEventLoop;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The one life of a handle, from the connect call to the end: opens the link, leads it through the handshake, and brings
 * it to its end. Confined to the event loop, but for the getters that say otherwise.
 */
final class Session implements NegotiationListener, ConnectionOwner, LinkOpener.Listener {
    /** How long the handshake may go on without the child: what it has started may speak for it. */
    private static final long EXIT_WITHOUT_EOF_MILLIS = 1000;

    /** Where the session stands; what exists only there is in its record. */
    private sealed interface Phase {
        /** Nothing was started. */
        record Idle() implements Phase {}

        /** The link is being opened. */
        record Opening(Runnable cutShort) implements Phase {}

        /** The link is open, the handshake is under way. */
        record Haggling(Link link, NegotiationHandler handler) implements Phase {}

        /** The transmission phase. */
        record Transmitting(Link link, Connection connection) implements Phase {}

        /** Nothing more happens but the end of the link. */
        record Over() implements Phase {}
    }

    private final NbdClient handle;
    private final IoEventLoop opening;
    private final HandleLoop loop;
    private final ClientSettings settings;
    private final StateCell state;
    private final HandleFuture<@Nullable Void> closed;

    private Phase phase = new Phase.Idle();
    private @Nullable HandleFuture<NbdClient> connecting;
    private @Nullable Ending ending;
    private @Nullable HandleFuture<?> optionUnderWay;
    private boolean draining;
    /** What is agreed so far. It becomes the status once the handle is NEGOTIATING or READY. */
    private @Nullable NegotiationFacts agreed;

    private @Nullable Capture capture;
    private final HandleTls tls;
    private final HandshakeWatch watch;
    private final StrictMode strict;

    private volatile @Nullable Destination destination;
    private volatile @Nullable Link link;
    private volatile @Nullable Connection connection;
    private volatile @Nullable ExportInfo export;
    private volatile @Nullable NegotiationStatus status;
    private volatile @Nullable TlsSession tlsSession;

    /**
     * Creates the session of a handle.
     *
     * @param opening where sockets are opened and children are started
     * @param loop is that one too, until a channel is adopted
     */
    Session(NbdClient handle, IoEventLoop opening, HandleLoop loop, ClientSettings settings, StateCell state) {
        this.handle = handle;
        this.opening = opening;
        this.loop = loop;
        this.settings = settings;
        this.state = state;
        this.strict = new StrictMode(settings.strictMode());
        this.watch = new HandshakeWatch(new Traffic(), new HandleLog(settings.name()), up -> tlsSession = up);
        this.tls = new HandleTls(loop);
        // Nobody can give the end up.
        this.closed = new HandleFuture<>(loop, settings.completionExecutor(), ending -> {});
    }

    // ---- Read by any thread

    /** Returns the connection once the handle was READY; it stays, and refuses by itself when it has ended. */
    @Nullable
    Connection connection() {
        return connection;
    }

    @Nullable
    ExportInfo export() {
        return export;
    }

    Optional<DefaultSubprocess> subprocess() {
        Link known = link;
        return known == null ? Optional.empty() : Optional.ofNullable(known.subprocess());
    }

    /** Returns what is agreed, null until the handle is NEGOTIATING or READY. */
    @Nullable
    NegotiationStatus status() {
        return status;
    }

    boolean isTls() {
        NegotiationStatus known = status;
        return known != null && known.tls();
    }

    Optional<TlsSession> tlsSession() {
        return isTls() ? Optional.ofNullable(tlsSession) : Optional.empty();
    }

    /** Returns the URI of an export at the same place, empty if there is none. */
    Optional<NbdUri> uri(String exportName) {
        Destination known = destination;
        if (known == null) {
            return Optional.empty();
        }
        Link open = link;
        boolean tls = known.tlsMode() == TlsMode.REQUIRE || (open != null && open.isTls());
        return NbdUri.of(known.target(), exportName, tls, known.tlsOptions());
    }

    Optional<String> transport() {
        Link known = link;
        return known == null ? Optional.empty() : Optional.of(known.transport());
    }

    HandleFuture<@Nullable Void> closed() {
        return closed;
    }

    StrictMode strict() {
        return strict;
    }

    NbdStatistics statistics() {
        Connection known = connection;
        return known != null ? known.statistics() : Facts.of(watch.traffic());
    }

    // ---- Connecting

    /** Returns the future of a connect call, whose cancelling ends the attempt. Any thread. */
    HandleFuture<NbdClient> newConnectFuture() {
        return new HandleFuture<>(loop, settings.completionExecutor(), this::giveUpConnecting);
    }

    /** Starts the only attempt. The state is CONNECTING, unless the handle was closed since. */
    void connect(NbdTarget target, ExportWish wish, HandleFuture<NbdClient> future) {
        if (!(phase instanceof Phase.Idle)) {
            if (target instanceof NbdTarget.Adopted adopted) {
                adopted.channel().close();
            }
            future.failed(Failures.closedByCaller());
            return;
        }
        connecting = future;
        Destination known = Destination.of(target, settings);
        destination = known;
        phase = new Phase.Opening(() -> {});
        watch.log().connects(target);
        if (!startCapture()) {
            return;
        }
        if (known.tlsMode() == TlsMode.DISABLE) {
            open(known, wish, null);
        } else {
            // Before anything is started: what is wrong with the options is no reason to bother a server.
            tls.make(known, () -> phase instanceof Phase.Opening, layer -> open(known, wish, layer), this::notOpened);
        }
    }

    /** Returns false if the file can't be made, which ends the attempt: the user wants to see what is said. */
    private boolean startCapture() {
        Path path = settings.capture();
        if (path != null) {
            try {
                capture = Capture.to(path, settings.name());
            } catch (IOException e) {
                notOpened(new ConnectFailedException("can't write the capture " + path + ": " + e, e));
                return false;
            }
        }
        return true;
    }

    private void open(Destination to, ExportWish wish, @Nullable TlsLayer layer) {
        HandshakeInitializer handlers =
                new HandshakeInitializer(settings, Facts.of(settings, wish, to.tlsMode()), layer, capture, watch, this);
        Runnable cutShort = new LinkOpener(opening, settings, handlers, this).open(to.target());
        if (phase instanceof Phase.Opening) {
            phase = new Phase.Opening(cutShort);
        }
    }

    @Override
    public void opened(Link opened) {
        Destination known = destination;
        if (known != null
                && known.target() instanceof NbdTarget.SocketActivation
                && opened.channel().remoteAddress() instanceof DomainSocketAddress socket) {
            // Whoever wants to reach the same server must not start another one.
            destination = known.at(socket.path());
        }
        link = opened;
        watch.log().opened(opened);
        NegotiationHandler handler = opened.channel().pipeline().get(NegotiationHandler.class);
        if (phase instanceof Phase.Over || handler == null) {
            // Cancelled or closed while it was being opened.
            endingOf(opened).atOnce();
            return;
        }
        phase = new Phase.Haggling(opened, handler);
        DefaultSubprocess subprocess = opened.subprocess();
        if (subprocess != null) {
            subprocess.child().onExit().thenAccept(status -> loop.get().execute(() -> exited(status)));
        }
    }

    @Override
    public void notOpened(NbdException cause) {
        if (!(phase instanceof Phase.Over)) {
            phase = new Phase.Over();
            state.die();
            failConnecting(cause);
        }
        Destination known = destination;
        if (known != null && known.target() instanceof NbdTarget.Adopted adopted) {
            adopted.channel().close().addListener(gone -> ended());
        } else {
            ended();
        }
    }

    /** The child has ended. Its replies may be unread, and a grandchild may speak; but then the handshake goes on soon. */
    private void exited(ExitStatus status) {
        Loggers.SUBPROCESS.debug("{}: the child has ended: {}", settings.name(), status);
        loop.get()
                .schedule(
                        () -> {
                            if (phase instanceof Phase.Haggling haggling && connecting != null) {
                                DefaultSubprocess subprocess = haggling.link().subprocess();
                                if (subprocess != null) {
                                    die(haggling.link(), Failures.childExited(subprocess, status));
                                }
                            }
                        },
                        EXIT_WITHOUT_EOF_MILLIS,
                        TimeUnit.MILLISECONDS);
    }

    private void giveUpConnecting(Runnable then) {
        if (connecting == null) {
            return;
        }
        connecting = null;
        state.die();
        abandon();
        then.run();
    }

    private void failConnecting(NbdException cause) {
        HandleFuture<NbdClient> future = connecting;
        connecting = null;
        if (future != null) {
            Loggers.HANDLE.debug("{}: could not connect: {}", settings.name(), cause.getMessage());
            future.failed(cause);
        }
    }

    /** Stops what is under way before the transmission phase, and ends the link at once. */
    private void abandon() {
        Phase before = phase;
        phase = new Phase.Over();
        if (before instanceof Phase.Opening opening) {
            opening.cutShort().run();
        } else if (before instanceof Phase.Haggling haggling) {
            endingOf(haggling.link()).atOnce();
        }
    }

    // ---- The handshake

    @Override
    public void agreed(NegotiationFacts facts) {
        agreed = facts;
        if (connecting == null && phase instanceof Phase.Haggling) {
            publishStatus();
        }
    }

    private void publishStatus() {
        NegotiationFacts facts = agreed;
        status = facts == null ? null : Facts.of(facts);
    }

    @Override
    public void paused() {
        publishStatus();
        HandleFuture<NbdClient> future = connecting;
        connecting = null;
        arrive(ConnectionState.NEGOTIATING, future);
    }

    private void arrive(ConnectionState reached, @Nullable HandleFuture<NbdClient> future) {
        if (state.advance(reached)) {
            if (future != null) {
                future.done(handle);
            }
            return;
        }
        // The caller has closed the handle in the meantime, and the session is about to hear of it.
        if (future != null) {
            future.failed(Failures.closedByCaller());
        }
        failOption(Failures.closedByCaller());
    }

    @Override
    public void ready(NegotiatedExport negotiated) {
        if (!(phase instanceof Phase.Haggling haggling)) {
            return;
        }
        ExportInfo info = Facts.of(negotiated);
        Link reached = haggling.link();
        Connection started =
                new Connection(loop.get(), settings.forConnection(info, reached, strict, watch.traffic()), this);
        reached.channel().pipeline().addLast(started);
        phase = new Phase.Transmitting(reached, started);
        export = info;
        publishStatus();
        connection = started;
        HandleFuture<NbdClient> future = connecting;
        connecting = null;
        arrive(ConnectionState.READY, future);
    }

    @Override
    public void failed(NegotiationFailure failure, ReceivedBytes received) {
        if (!(phase instanceof Phase.Haggling haggling)) {
            return;
        }
        Link lost = haggling.link();
        if (connecting == null && optionUnderWay == null && failure instanceof NegotiationFailure.Closed) {
            // The server left while nothing was outstanding.
            phase = new Phase.Over();
            state.close();
            endingOf(lost).withoutGoodbye();
            return;
        }
        ChildReport.await(
                loop.get(), Failures.isExplainedByChild(failure, received) ? lost.subprocess() : null, status -> {
                    if (phase instanceof Phase.Haggling) {
                        die(lost, Failures.handshake(failure, received, lost.subprocess(), status));
                    }
                });
    }

    /** The handshake ends with an error, and the child with it: it is of no use to anybody. */
    private void die(Link lost, NbdException cause) {
        phase = new Phase.Over();
        state.die();
        failConnecting(cause);
        failOption(cause);
        endingOf(lost).atOnce();
    }

    private void failOption(NbdException cause) {
        HandleFuture<?> option = optionUnderWay;
        optionUnderWay = null;
        if (option != null) {
            option.failed(cause);
        }
    }

    /**
     * Asks for an option.
     *
     * @param call for the message if it is refused
     * @param request makes the request of the handler
     */
    <V extends OptionResult, T extends @Nullable Object> void option(
            String call, HandleFuture<T> future, OptionRequest<V> request, Function<V, T> result) {
        if (!(phase instanceof Phase.Haggling haggling) || connecting != null) {
            future.failed(Failures.wrongState(call, state.get()));
        } else if (optionUnderWay != null) {
            future.failed(TargetCheck.invalid(call + " is not allowed while another option is outstanding"));
        } else {
            optionUnderWay = future;
            request.send(haggling.handler(), new OptionCallback<V>() {
                @Override
                public void succeeded(V value) {
                    if (optionUnderWay == future) {
                        optionUnderWay = null;
                        future.done(result.apply(value));
                    }
                }

                @Override
                public void failed(OptionFailure failure) {
                    // An end of the handshake comes to the session as a whole, which tells all who wait.
                    if (optionUnderWay == future && !(failure instanceof OptionFailure.Ended)) {
                        optionUnderWay = null;
                        future.failed(Failures.option(failure));
                    }
                }
            });
        }
    }

    /** Asks for TLS, for which there may be nothing prepared yet. */
    void startTls(HandleFuture<Boolean> future) {
        Destination known = destination;
        if (connecting != null
                || optionUnderWay != null
                || known == null
                || !(phase instanceof Phase.Haggling haggling)
                || haggling.handler().hasTls()) {
            option("startTls", future, NegotiationHandler::startTls, OptionResult.Answer::agreed);
            return;
        }
        // Nothing else may be asked for in the meantime.
        optionUnderWay = future;
        tls.make(
                known,
                () -> optionUnderWay == future,
                layer -> {
                    optionUnderWay = null;
                    haggling.handler().useTls(layer);
                    option("startTls", future, NegotiationHandler::startTls, OptionResult.Answer::agreed);
                },
                problem -> {
                    // Unless the handle has ended, and with it the option.
                    if (optionUnderWay == future) {
                        optionUnderWay = null;
                        future.failed(problem);
                    }
                });
    }

    /** A request that can be made of the handler while the handshake pauses. */
    interface OptionRequest<V extends OptionResult> {
        /** Makes the request. */
        void send(NegotiationHandler handler, OptionCallback<V> callback);
    }

    /** Returns the future of an option. Giving it up does not call the option back, whose answer is awaited. Any thread. */
    <T extends @Nullable Object> HandleFuture<T> newOptionFuture() {
        return new HandleFuture<>(loop, settings.completionExecutor(), Runnable::run);
    }

    // ---- The transmission phase

    @Override
    public void connectionEnded(Loss loss) {
        if (!(phase instanceof Phase.Transmitting transmitting)) {
            return;
        }
        phase = new Phase.Over();
        Loggers.HANDLE.debug("{}: the connection has ended: {}", settings.name(), loss.what());
        Link lost = transmitting.link();
        Connection ended = transmitting.connection();
        boolean inOrder = loss.kind() == Loss.Kind.END_OF_STREAM && ended.isIdle();
        if (inOrder) {
            state.close();
        } else {
            state.die();
        }
        boolean gone = loss.kind() == Loss.Kind.END_OF_STREAM || loss.kind() == Loss.Kind.BROKEN;
        DefaultSubprocess subprocess = lost.subprocess();
        ChildReport.await(loop.get(), gone && !inOrder ? subprocess : null, status -> {
            ended.fail(subprocess == null ? loss : loss.explained(Failures.loss(loss.what(), subprocess, status)));
            endingOf(lost).withoutGoodbye();
        });
    }

    @Override
    public void serverShutsDown() {
        state.close();
        if (phase instanceof Phase.Transmitting transmitting) {
            // Those too that another thread submitted before the state changed, and that nobody has fetched yet.
            transmitting.connection().abandonWaiting(new Loss(Loss.Kind.BROKEN, "the server is shutting down", null));
            closeTransmission();
        }
    }

    // ---- Closing

    /** The caller closes the handle; the state is CLOSED, or what an earlier end has made of it. */
    void close(CloseMode mode) {
        if (phase instanceof Phase.Idle) {
            phase = new Phase.Over();
            ended();
        } else if (phase instanceof Phase.Transmitting transmitting) {
            if (mode == CloseMode.ABANDON_PENDING) {
                transmitting.connection().abandonWaiting(Failures.abandoned());
            }
            closeTransmission();
        } else if (phase instanceof Phase.Haggling haggling && connecting == null && optionUnderWay == null) {
            abort(haggling);
        } else if (!(phase instanceof Phase.Over)) {
            closeEarly();
        }
    }

    /** While the link is being opened or an option is outstanding there is no polite way. */
    private void closeEarly() {
        NbdException cause = Failures.closedByCaller();
        abandon();
        failConnecting(cause);
        failOption(cause);
    }

    /** The caller ends the negotiation; {@code future} completes when all is closed. */
    void abort(HandleFuture<@Nullable Void> future) {
        if (!(phase instanceof Phase.Haggling haggling) || connecting != null) {
            future.failed(Failures.wrongState("abort", state.get()));
        } else if (optionUnderWay != null) {
            future.failed(TargetCheck.invalid("abort is not allowed while another option is outstanding"));
        } else {
            state.close();
            abort(haggling);
            closed.thenRun(() -> future.done(null));
        }
    }

    private void abort(Phase.Haggling haggling) {
        phase = new Phase.Over();
        Ending end = endingOf(haggling.link());
        haggling.handler().abort(new OptionCallback<OptionResult.Done>() {
            @Override
            public void succeeded(OptionResult.Done done) {
                end.politely();
            }

            @Override
            public void failed(OptionFailure failure) {
                end.politely();
            }
        });
    }

    private void closeTransmission() {
        if (!(phase instanceof Phase.Transmitting transmitting) || draining) {
            return;
        }
        draining = true;
        Connection leaving = transmitting.connection();
        Link open = transmitting.link();
        ScheduledFuture<?> limit = loop.get()
                .schedule(
                        () -> drainsNoLonger(leaving, open),
                        settings.drainTimeout().toNanos(),
                        TimeUnit.NANOSECONDS);
        leaving.whenDrained(() -> {
            if (phase instanceof Phase.Transmitting) {
                phase = new Phase.Over();
                // Whether or not the goodbye gets through, the end of the stream is behind it.
                leaving.disconnect().addListener(sent -> {
                    limit.cancel(false);
                    endingOf(open).politely();
                });
            } else {
                limit.cancel(false);
            }
        });
    }

    private void drainsNoLonger(Connection leaving, Link open) {
        if (phase instanceof Phase.Transmitting) {
            phase = new Phase.Over();
            state.die();
            leaving.fail(new Loss(
                    Loss.Kind.BROKEN,
                    "the handle was closed, and the server did not answer within "
                            + settings.drainTimeout().toMillis() + " ms",
                    null));
            endingOf(open).atOnce();
        } else if (leaving.hasSaidGoodbye()) {
            // It is stuck behind the payload of a write that the server has answered, and does not take.
            endingOf(open).atOnce();
        }
    }

    /** The handle has come to its end: nothing of it is left. */
    private void ended() {
        if (capture != null) {
            capture.close();
        }
        tls.release();
        closed.done(null);
    }

    /** The one end of the link, which ends the handle too. */
    private Ending endingOf(Link last) {
        Ending only = ending;
        if (only == null) {
            DefaultSubprocess subprocess = last.subprocess();
            only = new Ending(
                    loop.get(), settings, last.channel(), subprocess == null ? null : subprocess.child(), this::ended);
            ending = only;
        }
        return only;
    }
}
