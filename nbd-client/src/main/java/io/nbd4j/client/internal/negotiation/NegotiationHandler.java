package io.nbd4j.client.internal.negotiation;

import io.nbd4j.client.internal.logging.Loggers;
import io.nbd4j.client.internal.negotiation.NegotiationAction.CompleteOption;
import io.nbd4j.client.internal.negotiation.NegotiationAction.EnterTransmission;
import io.nbd4j.client.internal.negotiation.NegotiationAction.ExpectExportNameReply;
import io.nbd4j.client.internal.negotiation.NegotiationAction.Fail;
import io.nbd4j.client.internal.negotiation.NegotiationAction.RefuseOption;
import io.nbd4j.client.internal.negotiation.NegotiationAction.SendClientFlags;
import io.nbd4j.client.internal.negotiation.NegotiationAction.SendOption;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.AbortRequested;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.ChannelClosed;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.ExportNameReplyReceived;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.GreetingReceived;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.OptionReplyReceived;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.OptionRequested;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.TimeOver;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.TlsFailed;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.TlsUp;
import io.nbd4j.client.internal.negotiation.NegotiationEvent.ViolationFound;
import io.nbd4j.client.internal.tls.TlsErrors;
import io.nbd4j.client.internal.tls.TlsLayer;
import io.nbd4j.codec.ProtocolViolationException;
import io.nbd4j.codec.handshake.ExportNameReply;
import io.nbd4j.codec.handshake.Greeting;
import io.nbd4j.codec.handshake.HandshakeDecoder;
import io.nbd4j.codec.handshake.OptionReply;
import io.nbd4j.codec.handshake.OptionRequest;
import io.nbd4j.codec.handshake.OptionRequestEncoder;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Leads a channel through the handshake: translates what arrives into events, and performs the actions of the machine.
 *
 * <p>Event-loop confined, one per channel. It brings its own decoder, which sits before it in the pipeline, and starts
 * when the channel is active. The one timeout covers everything up to the export, or up to the pause of option mode;
 * each option that is sent from the pause then has the same time of its own.
 *
 * <p>At the end, in this order: this handler leaves the pipeline; {@link NegotiationListener#ready} adds what comes
 * next; the callback of {@link #go} hears of it; the decoder leaves and hands on the bytes it has not used.
 */
public final class NegotiationHandler extends ChannelInboundHandlerAdapter {
    private static final Logger LOGGER = Loggers.NEGOTIATION;

    private final Duration timeout;
    private final NegotiationListener listener;
    private final NegotiationObserver observer;
    private final HandshakeDecoder decoder = new HandshakeDecoder();
    private final ByteRecorder recorder = new ByteRecorder();

    private NegotiationPhase phase;
    private @Nullable TlsLayer tls;
    private @Nullable NegotiationFacts facts;
    private @Nullable ChannelHandlerContext ctx;
    private @Nullable Future<?> timer;
    private @Nullable PendingOption pending;
    private @Nullable Throwable writeFailure;
    /** What was sent last in the step that is being performed. */
    private @Nullable ChannelFuture said;
    /** Whether TLS is up, and the server has not said a word under it. */
    private boolean silentUnderTls;

    /** What the user waits for in option mode. */
    private record PendingOption(Consumer<OptionResult> onSuccess, Consumer<OptionFailure> onFailure) {}

    /**
     * Creates the handler of one channel, without TLS.
     *
     * @param timeout for the whole handshake, and for each option in option mode
     */
    public NegotiationHandler(NegotiationSettings settings, Duration timeout, NegotiationListener listener) {
        this(settings, timeout, null, listener, NegotiationObserver.NONE);
    }

    /**
     * Creates the handler of one channel.
     *
     * @param timeout for the whole handshake, and for each option in option mode
     * @param tls null if the settings disable it; a user in option mode may still ask for it, see {@link #useTls}
     */
    public NegotiationHandler(
            NegotiationSettings settings,
            Duration timeout,
            @Nullable TlsLayer tls,
            NegotiationListener listener,
            NegotiationObserver observer) {
        this.tls = tls;
        this.phase = NegotiationMachine.start(settings);
        this.timeout = timeout;
        this.listener = listener;
        this.observer = observer;
    }

    // What the user asks for in option mode.

    /**
     * Chooses an export. On success {@link NegotiationListener#ready} is called before {@code callback}.
     *
     * @throws IllegalArgumentException if no option could carry the names
     */
    public void go(ExportWish wish, OptionCallback<OptionResult.Information> callback) {
        wish.requireValid();
        request(new UserRequest.Go(wish), OptionResult.Information.class, callback);
    }

    /**
     * Asks about an export, without choosing it. The answer does not bind the server.
     *
     * @throws IllegalArgumentException if no option could carry the names
     */
    public void info(ExportWish wish, OptionCallback<OptionResult.Information> callback) {
        wish.requireValid();
        request(new UserRequest.Info(wish), OptionResult.Information.class, callback);
    }

    /** Asks for the server's exports. */
    public void list(OptionCallback<OptionResult.Exports> callback) {
        request(new UserRequest.ListExports(), OptionResult.Exports.class, callback);
    }

    /** Asks for structured replies. */
    public void structuredReplies(OptionCallback<OptionResult.Answer> callback) {
        request(new UserRequest.StructuredReplies(), OptionResult.Answer.class, callback);
    }

    /** Asks for extended headers. */
    public void extendedHeaders(OptionCallback<OptionResult.Answer> callback) {
        request(new UserRequest.ExtendedHeaders(), OptionResult.Answer.class, callback);
    }

    /**
     * Asks which meta contexts an export has, without a change to what is selected.
     *
     * @param queries none: all
     * @throws IllegalArgumentException if no option could carry the names
     */
    public void listMetaContexts(
            String exportName, List<String> queries, OptionCallback<OptionResult.ContextNames> callback) {
        ExportWish.DEFAULT.withExportName(exportName).withMetaContexts(queries).requireValid();
        request(new UserRequest.ListMetaContexts(exportName, queries), OptionResult.ContextNames.class, callback);
    }

    /**
     * Selects meta contexts of an export instead of what was selected before.
     *
     * @param queries none: nothing
     * @throws IllegalArgumentException if no option could carry the names
     */
    public void setMetaContexts(
            String exportName, List<String> queries, OptionCallback<OptionResult.Contexts> callback) {
        ExportWish.DEFAULT.withExportName(exportName).withMetaContexts(queries).requireValid();
        request(new UserRequest.SetMetaContexts(exportName, queries), OptionResult.Contexts.class, callback);
    }

    /** Returns whether the handler can start TLS. */
    public boolean hasTls() {
        return tls != null;
    }

    /** Gives the handler what it starts TLS with, if it has nothing yet. */
    public void useTls(TlsLayer layer) {
        requireEventLoop();
        if (tls == null) {
            tls = layer;
        }
    }

    /**
     * Asks for TLS. If the server agrees, the callback hears of it once TLS is up; if then TLS fails, so does all. What was
     * agreed before is forgotten, and not asked for again.
     *
     * @throws IllegalStateException without TLS, see {@link #useTls}
     */
    public void startTls(OptionCallback<OptionResult.Answer> callback) {
        if (tls == null) {
            throw new IllegalStateException("there is nothing to start TLS with");
        }
        request(new UserRequest.StartTls(), OptionResult.Answer.class, callback);
    }

    /**
     * Ends the handshake, whatever it is doing; {@link NegotiationListener#failed} hears of it too.
     *
     * <p>In the pause it sends ABORT and waits for the server's answer, or its end, within the timeout. Otherwise it hangs
     * up, since an option may be outstanding.
     */
    public void abort(OptionCallback<OptionResult.Done> callback) {
        requireEventLoop();
        if (phase instanceof Paused || phase instanceof Ended) {
            request(new AbortRequested(), OptionResult.Done.class, callback);
        } else {
            step(new AbortRequested());
            callback.succeeded(new OptionResult.Done());
        }
    }

    private <T extends OptionResult> void request(
            UserRequest request, Class<T> resultType, OptionCallback<T> callback) {
        request(new OptionRequested(request), resultType, callback);
    }

    private <T extends OptionResult> void request(
            NegotiationEvent event, Class<T> resultType, OptionCallback<T> callback) {
        requireEventLoop();
        if (!(phase instanceof Paused)) {
            // Another caller may wait for an option: the refusal is for this one.
            callback.failed(phase.notNow());
            return;
        }
        pending = new PendingOption(result -> callback.succeeded(resultType.cast(result)), callback::failed);
        step(event);
    }

    // What happens on the channel.

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        ctx = context;
        context.pipeline().addBefore(context.name(), null, recorder).addBefore(context.name(), null, decoder);
        if (context.channel().isActive()) {
            startTimer();
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        stopTimer();
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        startTimer();
        context.fireChannelActive();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        silentUnderTls = false;
        if (message instanceof Greeting greeting) {
            observer.greetingReceived(greeting);
            step(new GreetingReceived(greeting));
        } else if (message instanceof OptionReply reply) {
            observer.replyReceived(reply);
            step(new OptionReplyReceived(reply));
        } else if (message instanceof ExportNameReply reply) {
            step(new ExportNameReplyReceived(reply));
        } else {
            context.fireChannelRead(message);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            step(ended(writeFailure));
        }
        context.fireUserEventTriggered(event);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        step(ended(writeFailure));
        context.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        if (phase instanceof Ended) {
            LOGGER.debug("After the end of the handshake on {}", context.channel(), cause);
        } else if (cause instanceof ProtocolViolationException violation) {
            step(new ViolationFound(violation));
        } else {
            step(ended(cause));
        }
    }

    private NegotiationEvent ended(@Nullable Throwable cause) {
        return silentUnderTls || TlsErrors.find(cause) != null ? new TlsFailed(cause) : new ChannelClosed(cause);
    }

    private void onTimer() {
        timer = null;
        step(new TimeOver(timeout));
    }

    // What the machine makes of it.

    private void step(NegotiationEvent event) {
        boolean wasPaused = phase instanceof Paused;
        Step step = NegotiationMachine.step(phase, event);
        // The phase comes first: an action may call user code, which may come back with a request.
        phase = step.next();
        if (phase instanceof Paused || phase instanceof Ended) {
            stopTimer();
        } else if (wasPaused) {
            startTimer();
        }
        tellFacts(phase.agreement());
        said = null;
        step.actions().forEach(this::perform);
    }

    private void tellFacts(@Nullable Agreement agreement) {
        NegotiationFacts now = agreement == null ? facts : agreement.facts();
        if (now != null && !now.equals(facts)) {
            facts = now;
            listener.agreed(now);
        }
    }

    private void perform(NegotiationAction action) {
        switch (action.kind()) {
            case SEND_CLIENT_FLAGS -> send(out -> OptionRequestEncoder.encode(((SendClientFlags) action).flags(), out));
            case SEND_OPTION -> sendOption(((SendOption) action).request());
            case EXPECT_EXPORT_NAME_REPLY -> decoder.expectExportNameReply(((ExpectExportNameReply) action).zeroes());
            case START_TLS -> startTls();
            case PAUSE -> listener.paused();
            case COMPLETE_OPTION -> complete(((CompleteOption) action).result());
            case REFUSE_OPTION -> refuse(((RefuseOption) action).failure());
            case ENTER_TRANSMISSION -> enterTransmission(((EnterTransmission) action).export());
            case FAIL -> fail(((Fail) action).failure());
        }
    }

    private void startTls() {
        TlsLayer layer = tls;
        if (layer == null) {
            throw new IllegalStateException("TLS was negotiated, but there is none");
        }
        if (decoder.unreadBytes() > 0) {
            // The server waits for the client to begin. Whoever sent this wants it to be taken for what came under TLS.
            step(new ViolationFound(new ProtocolViolationException("clear text behind the agreement to start TLS")));
            return;
        }
        layer.addTo(context().pipeline()).addListener(done -> {
            observer.tlsEnded(context().channel(), done.cause());
            silentUnderTls = done.isSuccess();
            step(done.isSuccess() ? new TlsUp() : new TlsFailed(done.cause()));
        });
    }

    private void sendOption(OptionRequest request) {
        observer.optionSent(request);
        send(out -> OptionRequestEncoder.encode(request, out));
    }

    private void send(Consumer<ByteBuf> message) {
        ChannelHandlerContext context = context();
        ByteBuf out = context.alloc().ioBuffer();
        try {
            message.accept(out);
        } catch (IllegalArgumentException e) {
            out.release();
            throw e;
        }
        said = context.writeAndFlush(out).addListener((ChannelFutureListener) written -> {
            // The end of the stream follows, and with it the failure: this is its cause.
            if (!written.isSuccess() && writeFailure == null) {
                writeFailure = written.cause();
            }
        });
    }

    private void complete(OptionResult result) {
        PendingOption option = takePending();
        if (option != null) {
            option.onSuccess().accept(result);
        }
    }

    private void refuse(OptionFailure failure) {
        PendingOption option = takePending();
        if (option != null) {
            option.onFailure().accept(failure);
        }
    }

    private void enterTransmission(NegotiatedExport export) {
        ChannelPipeline pipeline = context().pipeline();
        // Bytes may come while the listener is at work: they wait in the decoder, and are no option replies.
        decoder.stop();
        pipeline.remove(this);
        pipeline.remove(recorder);
        try {
            listener.ready(export);
            complete(new OptionResult.Information(export));
        } finally {
            pipeline.remove(decoder);
        }
    }

    /**
     * Ends the handshake, once what the client had to say about it has left, ABORT above all: on a transport that writes
     * later, closing would take it back.
     */
    private void fail(NegotiationFailure failure) {
        ChannelFuture leaving = said;
        if (leaving == null || leaving.isDone()) {
            tellFailure(failure);
            return;
        }
        Runnable once = new Runnable() {
            private boolean told;

            @Override
            public void run() {
                if (!told) {
                    told = true;
                    tellFailure(failure);
                }
            }
        };
        Future<?> limit = context().executor().schedule(once, timeout.toNanos(), TimeUnit.NANOSECONDS);
        leaving.addListener(left -> {
            limit.cancel(false);
            once.run();
        });
    }

    private void tellFailure(NegotiationFailure failure) {
        try {
            refuse(new OptionFailure.Ended(failure));
            listener.failed(failure, recorder.received());
        } finally {
            context().close().addListener(closed -> {
                if (!closed.isSuccess()) {
                    LOGGER.debug(
                            "Closing {} after a failed handshake", context().channel(), closed.cause());
                }
            });
        }
    }

    private @Nullable PendingOption takePending() {
        PendingOption option = pending;
        pending = null;
        return option;
    }

    private void startTimer() {
        stopTimer();
        timer = context().executor().schedule(this::onTimer, timeout.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void stopTimer() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }

    private void requireEventLoop() {
        if (!context().executor().inEventLoop()) {
            throw new IllegalStateException("not on the event loop of the channel");
        }
    }

    private ChannelHandlerContext context() {
        if (ctx == null) {
            throw new IllegalStateException("the handler is in no pipeline");
        }
        return ctx;
    }
}
