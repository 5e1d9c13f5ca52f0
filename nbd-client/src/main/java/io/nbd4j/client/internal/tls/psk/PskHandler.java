package io.nbd4j.client.internal.tls.psk;

import io.nbd4j.client.internal.tls.HoldsBack;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.io.ByteArrayOutputStream;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Encrypts what is written to a channel and decrypts what it reads, as Netty's {@code SslHandler} does with an engine, and tells
 * the handlers behind it the same events.
 *
 * <p>Event-loop confined, one per channel. During the handshake the session belongs to a task on another thread as long as
 * {@link #working}: the mathematics take longer than an event loop may be kept. What is written meanwhile waits. Afterwards
 * everything happens on the event loop.
 *
 * <p>What is written belongs to the handler, and is released when it was encrypted, or can't be. So that a large write does not
 * take its size twice, encrypting stops while {@value #MAX_UNSENT} bytes of records have not left.
 */
final class PskHandler extends ChannelDuplexHandler implements HoldsBack {
    private static final Logger LOGGER = LoggerFactory.getLogger(PskHandler.class);
    private static final int MAX_UNSENT = 1 << 20;
    /** How much is encrypted in one buffer: sixteen records, which together are a bit longer than this. */
    private static final int PIECE = 1 << 18;
    /** More than any handshake needs while one step of it is taken. */
    private static final int MAX_EARLY = 1 << 20;
    /** How long closing waits for close_notify to leave. */
    private static final long GOODBYE_MILLIS = 3000;

    private enum Phase {
        HANDSHAKE,
        UP,
        /** One of the two has ended TLS, or it failed. */
        OVER
    }

    private interface Work {
        void run() throws SSLException;
    }

    /** What was written and is not encrypted yet; null for close_notify. */
    private record Unencrypted(@Nullable ByteBuf data, ChannelPromise promise) {}

    private final PskSession session;
    private final Executor tasks;
    private final Promise<Channel> handshake;
    private final Deque<Unencrypted> unencrypted = new ArrayDeque<>();
    private final ByteArrayOutputStream early = new ByteArrayOutputStream();

    private Phase phase = Phase.HANDSHAKE;
    private @Nullable ChannelHandlerContext context;
    private boolean working;
    private boolean begun;
    /** How many of those unencrypted a flush has let go. */
    private int flushed;

    private long unsent;
    private boolean pumping;
    private @Nullable ChannelPromise goodbye;
    private byte[] plain = new byte[0];

    PskHandler(PskSession session, Executor tasks, Promise<Channel> handshake) {
        this.session = session;
        this.tasks = tasks;
        this.handshake = handshake;
    }

    /** Completes on the event loop when the handshake is over. */
    Future<Channel> handshake() {
        return handshake;
    }

    /** Says close_notify behind everything that was written. Completes when it has left, or can't. */
    ChannelFuture closeOutbound() {
        ChannelHandlerContext ctx = context();
        if (goodbye == null) {
            ChannelPromise said = ctx.newPromise();
            goodbye = said;
            if (phase == Phase.UP) {
                unencrypted.add(new Unencrypted(null, said));
                flush(ctx);
            } else {
                said.setFailure(new ClosedChannelException());
            }
        }
        return goodbye;
    }

    private ChannelHandlerContext context() {
        if (context == null) {
            throw new IllegalStateException("the handler is in no pipeline");
        }
        return context;
    }

    // ---- The handshake

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        if (ctx.channel().isActive()) {
            begin(ctx);
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        begin(ctx);
        ctx.fireChannelActive();
    }

    private void begin(ChannelHandlerContext ctx) {
        if (!begun) {
            begun = true;
            work(ctx, session::begin);
        }
    }

    /** Lets another thread take the next step of the handshake. */
    private void work(ChannelHandlerContext ctx, Work step) {
        working = true;
        tasks.execute(() -> {
            SSLException failure = null;
            try {
                step.run();
            } catch (SSLException e) {
                failure = e;
            } catch (RuntimeException e) {
                failure = new SSLException("TLS failed: " + e, e);
            }
            SSLException outcome = failure;
            try {
                ctx.executor().execute(() -> worked(ctx, outcome));
            } catch (RejectedExecutionException e) {
                LOGGER.debug("{}: the event loop was shut down in the TLS handshake", ctx.channel(), e);
            }
        });
    }

    private void worked(ChannelHandlerContext ctx, @Nullable SSLException failure) {
        working = false;
        if (phase != Phase.HANDSHAKE) {
            // The channel has closed in the meantime.
            return;
        }
        answer(ctx);
        ctx.flush();
        if (session.isUp()) {
            phase = Phase.UP;
            handshake.trySuccess(ctx.channel());
            ctx.fireUserEventTriggered(SslHandshakeCompletionEvent.SUCCESS);
            received(ctx, failure);
            pump(ctx);
        } else if (failure != null) {
            fail(ctx, failure);
        }
        if (early.size() > 0) {
            byte[] bytes = early.toByteArray();
            early.reset();
            offer(ctx, bytes);
        }
        if (phase == Phase.UP) {
            ctx.fireChannelReadComplete();
        }
    }

    // ---- What the server says

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (!(message instanceof ByteBuf data)) {
            ctx.fireChannelRead(message);
            return;
        }
        byte[] bytes;
        try {
            bytes = ByteBufUtil.getBytes(data);
        } finally {
            data.release();
        }
        if (!working) {
            offer(ctx, bytes);
        } else if (early.size() + bytes.length > MAX_EARLY) {
            fail(ctx, new SSLHandshakeException("the server says too much in the TLS handshake"));
        } else {
            early.writeBytes(bytes);
        }
    }

    // The bytes belong to the session from now on.
    private void offer(ChannelHandlerContext ctx, byte[] bytes) {
        switch (phase) {
            case HANDSHAKE -> work(ctx, () -> session.offer(bytes));
            case UP -> {
                SSLException failure = null;
                try {
                    session.offer(bytes);
                } catch (SSLException e) {
                    failure = e;
                }
                answer(ctx);
                received(ctx, failure);
            }
            case OVER -> LOGGER.debug("{}: {} bytes behind the end of TLS", ctx.channel(), bytes.length);
        }
    }

    private void received(ChannelHandlerContext ctx, @Nullable SSLException failure) {
        deliver(ctx);
        if (failure != null) {
            fail(ctx, failure);
        } else if (session.isOver() && phase == Phase.UP) {
            phase = Phase.OVER;
            ctx.flush();
            failUnencrypted();
            ctx.fireUserEventTriggered(SslCloseCompletionEvent.SUCCESS);
        }
    }

    private void deliver(ChannelHandlerContext ctx) {
        int available = session.decrypted();
        while (available > 0) {
            int length = Math.min(available, PIECE);
            ByteBuf data = ctx.alloc().heapBuffer(length);
            session.readDecrypted(data.array(), data.arrayOffset(), length);
            ctx.fireChannelRead(data.writerIndex(length));
            available = session.decrypted();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        ctx.flush();
        if (!ctx.channel().config().isAutoRead() && phase == Phase.HANDSHAKE) {
            ctx.read();
        }
        ctx.fireChannelReadComplete();
    }

    // ---- What the client says

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (!(message instanceof ByteBuf data)) {
            ReferenceCountUtil.release(message);
            promise.setFailure(new UnsupportedOperationException("only bytes can be encrypted: " + message.getClass()));
        } else if (phase == Phase.OVER || goodbye != null) {
            data.release();
            promise.setFailure(new ClosedChannelException());
        } else {
            unencrypted.add(new Unencrypted(data, promise.unvoid()));
        }
    }

    @Override
    public void flush(ChannelHandlerContext ctx) {
        flushed = unencrypted.size();
        pump(ctx);
        ctx.flush();
    }

    @Override
    public long bytesHeldBack() {
        long bytes = 0;
        int left = flushed;
        for (Unencrypted next : unencrypted) {
            if (left == 0) {
                break;
            }
            left--;
            bytes += next.data() == null ? 0 : next.data().readableBytes();
        }
        return bytes;
    }

    /** Encrypts what was flushed, as long as what is encrypted gets away. */
    private void pump(ChannelHandlerContext ctx) {
        if (pumping || phase != Phase.UP) {
            return;
        }
        pumping = true;
        boolean wrote = false;
        try {
            while (phase == Phase.UP && flushed > 0 && unsent < MAX_UNSENT) {
                wrote = true;
                encryptNext(ctx);
            }
        } catch (SSLException e) {
            fail(ctx, e);
        } finally {
            pumping = false;
        }
        if (wrote) {
            ctx.flush();
        }
    }

    private void encryptNext(ChannelHandlerContext ctx) throws SSLException {
        Unencrypted next = unencrypted.element();
        ByteBuf data = next.data();
        if (data == null) {
            session.end();
        } else {
            int length = Math.min(data.readableBytes(), PIECE);
            if (plain.length < length) {
                plain = new byte[length];
            }
            data.readBytes(plain, 0, length);
            session.encrypt(plain, 0, length);
        }
        if (data != null && data.isReadable()) {
            // If a part does not get away, neither does what follows it.
            sendOutput(ctx, ctx.newPromise());
            return;
        }
        unencrypted.remove();
        flushed--;
        if (data != null) {
            data.release();
        }
        sendOutput(ctx, next.promise());
    }

    /** Sends what the session has to say by itself: a step of the handshake, a new key, an alert, close_notify. */
    private void answer(ChannelHandlerContext ctx) {
        if (session.output() > 0) {
            sendOutput(ctx, ctx.newPromise());
        }
    }

    private void sendOutput(ChannelHandlerContext ctx, ChannelPromise promise) {
        int length = session.output();
        ByteBuf out = ctx.alloc().heapBuffer(length);
        session.readOutput(out.array(), out.arrayOffset(), length);
        unsent += length;
        ctx.write(out.writerIndex(length), promise).addListener(sent -> {
            unsent -= length;
            pump(ctx);
        });
    }

    // ---- The end

    /** The alert for the server has been written already. */
    private void fail(ChannelHandlerContext ctx, SSLException cause) {
        boolean wasUp = phase == Phase.UP;
        phase = Phase.OVER;
        ctx.flush();
        failUnencrypted();
        if (wasUp) {
            ctx.fireExceptionCaught(cause);
        } else {
            handshake.tryFailure(cause);
            ctx.fireUserEventTriggered(new SslHandshakeCompletionEvent(cause));
        }
        ctx.close();
    }

    private void failUnencrypted() {
        flushed = 0;
        for (Unencrypted next = unencrypted.poll(); next != null; next = unencrypted.poll()) {
            if (next.data() != null) {
                next.data().release();
            }
            next.promise().tryFailure(new ClosedChannelException());
        }
    }

    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        // What waits to be encrypted is given up, as a channel gives up what was not flushed.
        failUnencrypted();
        ChannelFuture said = ctx.channel().isActive() ? closeOutbound() : ctx.newSucceededFuture();
        if (said.isDone()) {
            end(ctx, promise);
            return;
        }
        Future<?> limit = ctx.executor().schedule(() -> end(ctx, promise), GOODBYE_MILLIS, TimeUnit.MILLISECONDS);
        said.addListener(left -> {
            if (limit.cancel(false)) {
                end(ctx, promise);
            }
        });
    }

    private void end(ChannelHandlerContext ctx, ChannelPromise promise) {
        gone("the connection was closed in the TLS handshake");
        ctx.close(promise);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        gone("the server closed the connection in the TLS handshake: it may not know the user, or have another key");
        ctx.fireChannelInactive();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        gone("TLS was taken from the channel in its handshake");
    }

    private void gone(String how) {
        boolean inHandshake = phase == Phase.HANDSHAKE;
        phase = Phase.OVER;
        failUnencrypted();
        if (inHandshake) {
            handshake.tryFailure(new SSLHandshakeException(how));
        }
    }
}
