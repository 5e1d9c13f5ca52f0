package io.nbd4j.testkit.internal.fault;

import io.nbd4j.testkit.fault.FaultPlan;
import io.nbd4j.testkit.transcript.Transcript;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import org.jspecify.annotations.Nullable;

/**
 * Stands between the wire and the server, below which there is only TLS. It lets through what no rule is about, keeps the
 * server from hearing what is refused, and gathers answers that a fault is to spoil. The server knows nothing of it.
 *
 * <p>Memory is bounded, see {@link ClientSide#MAX_PENDING} and {@link ServerSide#MAX_WAITING}.
 */
@SuppressWarnings("FutureReturnValueIgnored") // What a void promise fails with arrives at exceptionCaught.
final class FaultGate extends ChannelDuplexHandler {
    private final FaultPlan plan;
    private final Tap tap;
    private final long maxWaiting;

    private @Nullable Sides sides;

    /** What there is while the gate stands in a pipeline. */
    private record Sides(Outlet outlet, Performer performer, ClientSide client, ServerStream server) {}

    /**
     * Creates the gate of one connection.
     *
     * @param transcript {@code null} if none is kept
     * @param maxWaiting the most bytes of answers that faults keep back; beyond, the connection is closed
     */
    FaultGate(FaultPlan plan, @Nullable Transcript transcript, long maxWaiting) {
        this.plan = plan;
        this.tap = new Tap(transcript);
        this.maxWaiting = maxWaiting;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        Conversation conversation = new Conversation();
        Outlet outlet = new Outlet(ctx);
        Performer performer = new Performer(ctx, plan, tap, outlet);
        ServerSide server = new ServerSide(plan, tap, conversation, outlet, performer, maxWaiting);
        sides = new Sides(
                outlet,
                performer,
                new ClientSide(ctx, plan, tap, conversation, outlet, performer),
                new ServerStream(conversation, server));
    }

    private Sides sides() {
        if (sides == null) {
            throw new IllegalStateException("not in a pipeline");
        }
        return sides;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        sides().client.connected();
        sides().outlet.flush();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        try {
            sides().client.take(in);
        } finally {
            in.release();
        }
        sides().client.listen();
        sides().outlet.flush();
    }

    @Override
    public void read(ChannelHandlerContext ctx) {
        if (sides().client.mayRead()) {
            ctx.read();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent || event instanceof SslCloseCompletionEvent) {
            tap.clientEnds();
            sides().client.ended();
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        ByteBuf in = (ByteBuf) message;
        Outlet outlet = sides().outlet;
        try {
            if (!in.isReadable()) {
                // So the server closes a connection: it waits until all has left.
                sides().performer.barrier(() -> {
                    outlet.write(ctx.voidPromise());
                    ctx.writeAndFlush(Unpooled.EMPTY_BUFFER, promise);
                });
            } else if (outlet.isClosed()) {
                promise.trySuccess(); // There is no way out any more.
            } else {
                sides().server.feed(in);
                outlet.write(promise);
            }
        } finally {
            in.release();
        }
    }

    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        tap.serverEnds(null);
        ctx.close(promise);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        tap.clientEnds();
        release();
        ctx.fireChannelInactive();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        release();
    }

    private void release() {
        sides().client.release();
        sides().outlet.release();
        sides().performer.cancel();
    }
}
