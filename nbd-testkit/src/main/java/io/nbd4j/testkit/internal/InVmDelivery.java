package io.nbd4j.testkit.internal;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Holds back the end of a connection inside of a JVM until the client has read what was written before: Netty's local
 * channels discard what has not been read by then.
 */
final class InVmDelivery extends ChannelDuplexHandler {
    /** A client that does not read must not keep a server from ending. */
    private static final long PATIENCE_MILLIS = 1000;

    private final AtomicLong received = new AtomicLong();
    private volatile @Nullable Runnable onReceipt;

    private long written;
    private long sent;
    private @Nullable ChannelPromise closing;
    private @Nullable Future<?> patience;

    /** Returns what tells, in the pipeline of the client, that a message has arrived. */
    ChannelHandler receipts() {
        return new Receipts();
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        written++;
        ctx.write(message, promise);
    }

    @Override
    public void flush(ChannelHandlerContext ctx) {
        sent = written;
        ctx.flush();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (closing == null) {
            ctx.fireChannelRead(message);
        } else {
            ReferenceCountUtil.release(message); // To the handlers behind this one the connection is over.
        }
    }

    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        if (!ctx.channel().isActive()) {
            ctx.close(promise);
        } else if (closing != null) {
            closing.addListener(closed -> promise.trySuccess());
        } else {
            closing = promise;
            onReceipt = () -> ctx.executor().execute(() -> closeIfReceived(ctx));
            patience = ctx.executor().schedule(() -> closeNow(ctx), PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
            closeIfReceived(ctx);
        }
    }

    private void closeIfReceived(ChannelHandlerContext ctx) {
        if (received.get() >= sent) {
            closeNow(ctx);
        }
    }

    private void closeNow(ChannelHandlerContext ctx) {
        ChannelPromise promise = closing;
        if (promise != null && !promise.isDone()) {
            onReceipt = null;
            ctx.close(promise);
        }
        if (patience != null) {
            patience.cancel(false);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        closeNow(ctx); // The client was faster.
        ctx.fireChannelInactive();
    }

    private final class Receipts extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ctx.fireChannelRead(message);
            received.incrementAndGet();
            Runnable listener = onReceipt;
            if (listener != null) {
                tell(listener);
            }
        }

        private void tell(Runnable listener) {
            try {
                listener.run();
            } catch (RejectedExecutionException e) {
                onReceipt = null; // The server has ended, and all its connections.
            }
        }
    }
}
