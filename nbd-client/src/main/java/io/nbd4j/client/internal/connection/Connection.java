package io.nbd4j.client.internal.connection;

import io.nbd4j.client.ExportInfo;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdException;
import io.nbd4j.client.NbdStatistics;
import io.nbd4j.client.RequestFate;
import io.nbd4j.client.internal.tls.HoldsBack;
import io.nbd4j.client.internal.tls.TlsErrors;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.ProtocolViolationException;
import io.nbd4j.codec.transmission.ReplyDecoder;
import io.nbd4j.codec.transmission.TransmissionMode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.channel.WriteBufferWaterMark;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * A connection in the transmission phase: the last handler of its channel.
 *
 * <p>Commands come in from any thread, wait while the bounds on what is in flight are reached, and go out in batches, one
 * flush for each turn of the event loop. {@link Replies} takes the answers apart and ends the commands.
 */
public final class Connection extends ChannelInboundHandlerAdapter implements StallWatch.Watched {
    /**
     * With so much in the channel that the transport has not taken, requests wait here, where they can still be withdrawn.
     * It is several times what a socket takes at once, so that the transport never runs dry.
     */
    private static final WriteBufferWaterMark BACKLOG = new WriteBufferWaterMark(8 * 1024 * 1024, 16 * 1024 * 1024);

    private final EventLoop loop;
    private final ConnectionSettings settings;
    private final ConnectionOwner owner;
    private final Commands commands;
    private final Inbox inbox = new Inbox();
    private final ArrayDeque<Command<?>> waiting = new ArrayDeque<>();
    private final InFlightTable inFlight;
    private final RequestWriter writer;
    private final StallWatch stallWatch;
    private final Deadlines deadlines;
    private final AnswerWait answerWait;
    private final Runnable writeBatch = this::writeBatch;
    private final Replies replies;
    private final ReplyDecoder decoder;
    private final Runnable fetch = this::fetch;
    private final Runnable flush = this::flushScheduled;
    private final Runnable resume = this::waitingChanged;
    private final TransmissionLog log;

    private @Nullable ChannelHandlerContext context;
    private long bytesInFlight;
    /** Of writes that are answered. */
    private int payloadsLeaving;

    private long requestsSent;
    private boolean unflushed;
    private boolean flushScheduled;
    private boolean receiving;
    private boolean pumping;
    private boolean saidGoodbye;
    private @Nullable Loss loss;
    /** Why no more commands are taken, though the connection works. */
    private @Nullable Loss refusal;

    private @Nullable Runnable whenDrained;

    /** Creates the connection. It works from the moment on that it is added to the pipeline of its channel. */
    public Connection(EventLoop loop, ConnectionSettings settings, ConnectionOwner owner) {
        this.loop = loop;
        this.settings = settings;
        this.owner = owner;
        this.stallWatch = new StallWatch(loop, settings.stallNanos(), this);
        this.deadlines = new Deadlines(loop, settings.requestNanos());
        this.answerWait = new AnswerWait(settings.pollNanos());
        this.commands = new Commands(this, settings.export(), settings.strict());
        this.log = new TransmissionLog(settings.name());
        this.inFlight = new InFlightTable(settings.maxRequestsInFlight());
        TransmissionMode mode = modeOf(settings.export());
        this.writer = new RequestWriter(mode, this::broke);
        this.replies = new Replies(this, inFlight, mode);
        this.decoder = new ReplyDecoder(mode, replies);
    }

    private static TransmissionMode modeOf(ExportInfo export) {
        if (export.extendedHeaders()) {
            return TransmissionMode.EXTENDED;
        }
        return export.structuredReplies() ? TransmissionMode.STRUCTURED : TransmissionMode.SIMPLE;
    }

    /** Returns the maker of this connection's commands. Any thread. */
    public Commands commands() {
        return commands;
    }

    EventLoop eventLoop() {
        return loop;
    }

    @Nullable
    Executor completionExecutor() {
        return settings.completionExecutor();
    }

    Deadlines deadlines() {
        return deadlines;
    }

    ByteBufAllocator allocator() {
        return settings.allocator();
    }

    // ---- Sending

    /** Takes a command that was checked. Any thread. */
    void submit(Command<?> command) {
        if (loop.inEventLoop()) {
            accept(command);
        } else if (inbox.add(command)) {
            try {
                loop.execute(fetch);
            } catch (RejectedExecutionException e) {
                abandonInbox(e);
            }
        }
    }

    /** The event loop is gone, and with it the channel: nobody else will ever look at what is in the inbox. */
    private void abandonInbox(RejectedExecutionException cause) {
        Loss gone = new Loss(Loss.Kind.BROKEN, "the event loop was shut down", cause);
        Command<?> command = inbox.fetch();
        while (command != null) {
            Command<?> next = command.nextInInbox;
            command.nextInInbox = null;
            command.end(gone.toException(RequestFate.NOT_SENT, command.type, command.range()));
            command = next;
        }
    }

    /** Ends a command that may not be sent, on the event loop like any other. Any thread. */
    void refuse(Command<?> command, NbdException reason) {
        if (loop.inEventLoop()) {
            command.end(reason);
            return;
        }
        try {
            loop.execute(() -> command.end(reason));
        } catch (RejectedExecutionException e) {
            command.end(reason);
        }
    }

    private void fetch() {
        Command<?> command = inbox.fetch();
        while (command != null) {
            Command<?> next = command.nextInInbox;
            command.nextInInbox = null;
            if (!command.isEnded()) {
                // Its caller may give a command up while another thread is about to have the inbox fetched.
                accept(command);
            }
            command = next;
        }
        checkDrained();
    }

    private void accept(Command<?> command) {
        Loss reason = loss != null ? loss : refusal;
        if (reason != null) {
            command.end(reason.toException(RequestFate.NOT_SENT, command.type, command.range()));
            return;
        }
        deadlines.add(command);
        if (waiting.isEmpty() && command.split() == null && admits(command)) {
            send(command);
        } else if (waiting.size() < settings.maxRequestsWaiting() || isRoomForFirst(command)) {
            waiting.add(command);
            pump();
            if (inFlight.size() == 0 && !waiting.isEmpty()) {
                // The server owes nothing, but takes nothing either.
                stallWatch.startIfIdle();
            }
        } else {
            command.end(new InvalidRequestException(
                    "too many requests wait to be sent: " + waiting.size(),
                    NbdError.ENOMEM,
                    command.type,
                    command.range()));
        }
    }

    /** A split command always passes through the queue, and may do so when nothing may wait but something may be sent. */
    private boolean isRoomForFirst(Command<?> command) {
        return waiting.isEmpty() && command.split() != null && !inFlight.isFull();
    }

    private boolean admits(Command<?> command) {
        return takesMore()
                && (inFlight.size() == 0
                        || (!inFlight.isFull()
                                && bytesInFlight + command.payloadLength() <= settings.maxBytesInFlight()));
    }

    /** Returns whether the channel is not behind with what it was given. */
    private boolean takesMore() {
        ChannelHandlerContext ctx = context;
        return ctx == null || ctx.channel().isWritable();
    }

    /** Sends what waits, in order, as far as the bounds allow. */
    private void pump() {
        if (pumping) {
            return;
        }
        pumping = true;
        try {
            Command<?> head = waiting.peek();
            while (head != null && loss == null) {
                Command<?> piece = nextPiece(head);
                if (piece == null) {
                    waiting.poll();
                } else if (admits(piece)) {
                    sendPiece(head, piece);
                } else {
                    return;
                }
                head = waiting.peek();
            }
        } finally {
            pumping = false;
        }
    }

    /** Returns what to send next of a command; null if it is through, or was given up. */
    private static @Nullable Command<?> nextPiece(Command<?> head) {
        if (head.isEnded()) {
            return null;
        }
        Split split = head.split();
        if (split == null) {
            return head;
        }
        NbdException problem = split.isPrepared() ? head.bufferProblem() : split.prepare();
        if (problem != null) {
            split.fail(problem);
            return null;
        }
        return split.peek();
    }

    private void sendPiece(Command<?> head, Command<?> piece) {
        Split split = head.split();
        if (split == null) {
            waiting.poll();
        } else {
            split.advance();
        }
        send(piece);
    }

    private void send(Command<?> command) {
        ChannelHandlerContext ctx = context;
        if (ctx == null) {
            throw new IllegalStateException("the connection is not in a pipeline");
        }
        if (command.split() == null) {
            NbdException problem = command.prepare();
            if (problem != null) {
                command.end(problem);
                return;
            }
        }
        bytesInFlight += command.payloadLength();
        put(ctx, command);
    }

    /** Sends a command anew that was answered, in the room that it has in flight. */
    void sendAgain(Command<?> command) {
        ChannelHandlerContext ctx = context;
        if (ctx != null && loss == null) {
            inFlight.remove(command);
            put(ctx, command);
        }
    }

    private void put(ChannelHandlerContext ctx, Command<?> command) {
        if (inFlight.size() == 0) {
            stallWatch.start();
        }
        inFlight.add(command);
        command.sent();
        requestsSent++;
        replies.expect(command);
        log.sent(command);
        try {
            writer.add(ctx, command);
        } catch (OutOfMemoryError e) {
            // Of direct memory, for a header. What is left out now can't be made up for.
            end(new Loss(Loss.Kind.BROKEN, "no direct memory for a request", e));
            return;
        } catch (RuntimeException e) {
            // Of a payload that its caller has taken apart, for instance: half a request can't be taken back.
            end(new Loss(Loss.Kind.BROKEN, "a request could not be written: " + e, e));
            return;
        }
        scheduleFlush();
    }

    private void scheduleFlush() {
        unflushed = true;
        if (writer.isFull()) {
            flushIfNeeded();
        } else if (!receiving && !flushScheduled) {
            flushScheduled = true;
            loop.execute(flush);
        }
    }

    private void flushScheduled() {
        flushScheduled = false;
        flushIfNeeded();
    }

    private void flushIfNeeded() {
        ChannelHandlerContext ctx = context;
        if (unflushed && ctx != null && loss == null) {
            unflushed = false;
            stallWatch.around(ctx.channel(), writeBatch);
            if (!receiving) {
                answerWait.await(inFlight.size(), replies);
            }
        }
    }

    private void writeBatch() {
        ChannelHandlerContext ctx = context;
        if (ctx != null) {
            writer.flush(ctx);
        }
    }

    // ---- Receiving

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        ctx.channel().config().setWriteBufferWaterMark(BACKLOG);
        stallWatch.heldBackBy(ctx.pipeline().get(HoldsBack.class));
        ReceiveBuffers buffers = settings.receiveDirectly();
        if (buffers != null) {
            buffers.follow(replies);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        receiving = true;
        try {
            if (loss == null) {
                decoder.decode(in);
            }
        } catch (ProtocolViolationException e) {
            end(new Loss(Loss.Kind.VIOLATED, "the server broke the protocol: " + e.getMessage(), e));
        } finally {
            in.release();
        }
        if (replies.isLargeReadOwed()) {
            // What a large answer gave rise to does not wait for the end of the turn: with few requests in flight, all
            // answers may arrive in this turn, and then the server would have nothing to do until it ends.
            flushIfNeeded();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        receiving = false;
        stallWatch.received();
        if (unflushed) {
            flushIfNeeded();
        } else {
            answerWait.await(inFlight.size(), replies);
        }
        ctx.fireChannelReadComplete();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (ctx.channel().isWritable() && !waiting.isEmpty()) {
            // Not from within the flush that made the room.
            loop.execute(resume);
        }
        ctx.fireChannelWritabilityChanged();
    }

    /** A command has been answered: its slot is free, and what waits may go. Then the caller learns. */
    void answered(Command<?> command, @Nullable NbdException failure) {
        log.answered(command, failure);
        answerWait.answered();
        inFlight.remove(command);
        bytesInFlight -= command.payloadLength();
        if (command.isPayloadLeaving()) {
            // A server may refuse a write before it has read the payload, which is the caller's memory until then.
            payloadsLeaving++;
            command.detach(() -> {
                payloadsLeaving--;
                conclude(command, failure);
            });
        } else {
            conclude(command, failure);
        }
        waitingChanged();
    }

    private static void conclude(Command<?> command, @Nullable NbdException failure) {
        if (failure == null) {
            command.end();
        } else {
            command.end(failure);
        }
    }

    /** Room has become free in flight, or a command that waits was given up. */
    void waitingChanged() {
        if (!waiting.isEmpty()) {
            pump();
        }
        checkDrained();
    }

    /** Returns why no more commands are taken though the connection works, null if they are. */
    @Nullable
    Loss refusal() {
        return refusal;
    }

    void serverShutsDown() {
        owner.serverShutsDown();
    }

    boolean isDfAdvertised() {
        return settings.export().canDf();
    }

    long payloadLeft() {
        return decoder.payloadLeft();
    }

    // ---- The end

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (decoder.isBetweenReplies()) {
            end(new Loss(Loss.Kind.END_OF_STREAM, "the server closed the connection", null));
        } else {
            end(new Loss(Loss.Kind.BROKEN, "the server closed the connection in the middle of a reply", null));
        }
        ctx.fireChannelInactive();
    }

    @Override
    @SuppressWarnings("deprecation") // the replacement in ChannelHandler is the one that is deprecated
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof ClosedChannelException && !ctx.channel().isOpen()) {
            // A write that the end has cut off. The end itself comes next, and says more.
            return;
        }
        broke(cause);
    }

    private void broke(Throwable cause) {
        SSLException tls = TlsErrors.find(cause);
        end(
                tls == null
                        ? new Loss(Loss.Kind.BROKEN, "the connection broke: " + cause.getMessage(), cause)
                        : new Loss(Loss.Kind.TLS, "TLS failed: " + tls.getMessage(), cause));
    }

    private void end(Loss cause) {
        if (loss == null) {
            loss = cause;
            shut();
            owner.connectionEnded(cause);
        }
    }

    private void shut() {
        stallWatch.stop();
        deadlines.stop();
        writer.discard();
        ChannelHandlerContext ctx = context;
        if (ctx != null) {
            ctx.close();
        }
    }

    /** Returns whether any request still waits for its end. */
    public boolean isIdle() {
        return inFlight.size() == 0 && waiting.isEmpty();
    }

    /**
     * Ends every request that is in flight or waiting, each with an exception of its own, and every later one. If the
     * connection still works, it is closed without a goodbye, and the owner is not told.
     */
    public void fail(Loss cause) {
        boolean first = loss == null;
        loss = cause;
        if (first) {
            shut();
        }
        for (Command<?> command : inFlight.removeAll()) {
            if (command != null) {
                command.end(cause.toException(RequestFate.UNKNOWN, command.type, command.range()));
            }
        }
        bytesInFlight = 0;
        failWaiting(cause);
        checkDrained();
    }

    /** Ends every request that waits, and lets those in flight go on. The owner sees to it that no more come. */
    public void failWaiting(Loss cause) {
        for (Command<?> command = waiting.poll(); command != null; command = waiting.poll()) {
            Split split = command.split();
            if (split == null) {
                command.end(cause.toException(RequestFate.NOT_SENT, command.type, command.range()));
            } else {
                RequestFate fate = split.anySent() ? RequestFate.UNKNOWN : RequestFate.NOT_SENT;
                split.fail(cause.toException(fate, command.type, command.range()));
            }
        }
    }

    /** Ends every request that waits, now and from now on, and lets those in flight go on. */
    public void abandonWaiting(Loss cause) {
        refusal = cause;
        fetch();
        failWaiting(cause);
        checkDrained();
    }

    /** Runs {@code action} once no request is in flight or waits, maybe at once. The owner sees to it that none comes. */
    public void whenDrained(Runnable action) {
        whenDrained = action;
        // What other threads submitted before is in the inbox, and a fetch is under way behind which this one goes.
        loop.execute(this::checkDrained);
    }

    private void checkDrained() {
        Runnable action = whenDrained;
        if (action != null && isIdle() && inbox.get() == null) {
            whenDrained = null;
            action.run();
        }
    }

    /** Says goodbye ({@code NBD_CMD_DISC}). No request may be in flight, and those that follow are refused. */
    public ChannelFuture disconnect() {
        ChannelHandlerContext ctx = context;
        if (ctx == null) {
            throw new IllegalStateException("the connection is not in a pipeline");
        }
        saidGoodbye = true;
        if (refusal == null) {
            // Another thread may just have found the handle READY, or a completion makes a request of it.
            refusal = new Loss(Loss.Kind.BROKEN, "the connection was closed", null);
        }
        log.goodbye();
        return writer.disconnect(ctx);
    }

    /** Returns whether {@link #disconnect} was called, though the goodbye may not have left yet. */
    public boolean hasSaidGoodbye() {
        return saidGoodbye;
    }

    @Override
    public @Nullable Channel channelThatOwes() {
        ChannelHandlerContext ctx = context;
        boolean owes = inFlight.size() > 0 || payloadsLeaving > 0 || !waiting.isEmpty();
        return loss == null && owes && ctx != null ? ctx.channel() : null;
    }

    @Override
    public void stalled(long limitMillis) {
        String what = inFlight.size() > 0 ? "owes " + inFlight.size() + " replies" : "has yet to take what was sent";
        end(new Loss(Loss.Kind.STALLED, "the server " + what + " and did nothing for " + limitMillis + " ms", null));
    }

    /** A write's time is over while its payload is still in user space: the server takes nothing, or too slowly. */
    void wedged(Command<?> write) {
        end(new Loss(
                Loss.Kind.STALLED,
                "the server did not take the payload of the write of " + write.range() + " in time",
                null));
    }

    /** Returns the counters: exact on the event loop, elsewhere as some moment not long ago has left them. */
    public NbdStatistics statistics() {
        Traffic traffic = settings.traffic();
        return new NbdStatistics(
                inFlight.size(),
                bytesInFlight,
                waiting.size(),
                requestsSent,
                replies.received(),
                replies.bytesDirect(),
                replies.bytesCopied(),
                traffic.bytesSent(),
                traffic.bytesReceived(),
                traffic.optionsSent() + requestsSent + (saidGoodbye ? 1 : 0),
                traffic.greetings() + decoder.headersReceived());
    }
}
