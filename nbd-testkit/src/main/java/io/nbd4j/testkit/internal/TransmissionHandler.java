package io.nbd4j.testkit.internal;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Serves one connection in the transmission phase: hands what is read to a {@link RequestService}, and lets the replies
 * of one turn of reading leave together. Confined to the connection's event loop.
 *
 * <p>Memory is bounded: while more replies wait than the channel wants, no request is looked at, not even one that has
 * been read, and nothing more is read.
 */
final class TransmissionHandler extends ChannelInboundHandlerAdapter implements RequestService.Link {
    private final ReplySink replies;
    private final RequestService service;
    /** What has been read and has to wait until replies have left. */
    private final ArrayDeque<ByteBuf> waiting = new ArrayDeque<>();

    private @Nullable ChannelHandlerContext context;
    private boolean ending;

    /**
     * Creates the handler of a connection.
     *
     * @param replies where everything leaves; its own from now on
     */
    TransmissionHandler(Agreement agreement, ReplySink replies) {
        this.replies = replies;
        this.service = new RequestService(agreement, replies, this);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    private ChannelHandlerContext ctx() {
        if (context == null) {
            throw new IllegalStateException("not in a pipeline");
        }
        return context;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        waiting.addLast(in);
        if (waiting.size() == 1) {
            work(ctx);
        }
    }

    /** Serves what has been read, as far as its replies find room. */
    private void work(ChannelHandlerContext ctx) {
        service.continueReply();
        while (!service.isReplying() && !waiting.isEmpty() && ctx.channel().isWritable()) {
            ByteBuf in = waiting.getFirst();
            boolean decoded = false;
            try {
                service.serve(in);
                decoded = true;
            } finally {
                if (!decoded || !in.isReadable()) {
                    waiting.removeFirst().release();
                }
            }
        }
        if (!ctx.channel().isWritable()) {
            ctx.channel().config().setAutoRead(false);
        }
        if (isBehind()) {
            flush(ctx); // The end of this turn of reading may be long past.
        }
    }

    /** Returns whether a request that has been read is not answered yet. */
    private boolean isBehind() {
        return !waiting.isEmpty() || service.isReplying();
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        flush(ctx);
        ctx.fireChannelReadComplete();
    }

    private void flush(ChannelHandlerContext ctx) {
        replies.write();
        ctx.flush();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (ctx.channel().isWritable()) {
            work(ctx);
            flush(ctx);
            if (ctx.channel().isWritable() && !isBehind()) {
                if (ending) {
                    end(ctx);
                } else {
                    ctx.channel().config().setAutoRead(true);
                }
            }
        }
        ctx.fireChannelWritabilityChanged();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent
                || event instanceof SslCloseCompletionEvent
                || event == ServerShutdown.INSTANCE) {
            // A client may half-close and still wait for its replies.
            ending = true;
            ctx.channel().config().setAutoRead(false);
            if (!isBehind()) {
                end(ctx);
            }
        }
        ctx.fireUserEventTriggered(event);
    }

    /** Closes the connection behind the last reply. */
    private void end(ChannelHandlerContext ctx) {
        ending = true;
        service.stop();
        ctx.channel().config().setAutoRead(false);
        replies.write();
        ctx.writeAndFlush(ctx.alloc().buffer(0)).addListener(ChannelFutureListener.CLOSE);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        release();
        ctx.fireChannelInactive();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        release();
    }

    private void release() {
        service.stop();
        replies.release();
        waiting.forEach(ByteBuf::release);
        waiting.clear();
    }

    @Override
    public boolean isWritable() {
        return ctx().channel().isWritable();
    }

    @Override
    public void disconnect() {
        end(ctx());
    }

    @Override
    public void fail(Throwable cause) {
        ConnectionFailure.close(ctx(), cause);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ConnectionFailure.close(ctx, cause);
    }
}
