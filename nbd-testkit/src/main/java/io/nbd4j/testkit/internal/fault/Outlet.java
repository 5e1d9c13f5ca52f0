package io.nbd4j.testkit.internal.fault;

import io.nbd4j.testkit.internal.fault.Emission.How;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DuplexChannel;
import org.jspecify.annotations.Nullable;

/** The way out of the gate: collects what leaves together, and knows where a message may be put in between. */
@SuppressWarnings("FutureReturnValueIgnored") // What a void promise fails with arrives at exceptionCaught.
final class Outlet {
    private final ChannelHandlerContext ctx;
    private @Nullable ByteBuf collected;
    private boolean inMessage;
    private boolean closed;

    Outlet(ChannelHandlerContext ctx) {
        this.ctx = ctx;
    }

    /** Returns whether nothing more leaves. */
    boolean isClosed() {
        return closed;
    }

    /** Returns whether the last message that began is complete. */
    boolean isAtBoundary() {
        return !inMessage;
    }

    void begin() {
        inMessage = true;
    }

    void end() {
        inMessage = false;
    }

    void append(byte[] bytes) {
        if (!closed) {
            room().writeBytes(bytes);
        }
    }

    /** Appends bytes from the reader index on, which stays where it is. */
    void append(ByteBuf bytes, int length) {
        if (!closed) {
            room().writeBytes(bytes, bytes.readerIndex(), length);
        }
    }

    private ByteBuf room() {
        if (collected == null) {
            collected = ctx.alloc().directBuffer();
        }
        return collected;
    }

    /** Passes on what has been collected. The promise succeeds at once if that is nothing. */
    void write(ChannelPromise promise) {
        if (collected == null) {
            promise.trySuccess();
            return;
        }
        ByteBuf out = collected;
        collected = null;
        ctx.write(out, promise);
    }

    void flush() {
        write(ctx.voidPromise());
        ctx.flush();
    }

    /** Ends the connection, or the server's side of it, behind what has been collected. */
    void end(How how) {
        write(ctx.voidPromise());
        closed = true;
        switch (how) {
            case CLOSE -> ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
            case RESET -> {
                ctx.flush();
                ctx.channel().config().setOption(ChannelOption.SO_LINGER, 0);
                ctx.close();
            }
            case HALF_CLOSE -> {
                if (ctx.channel() instanceof DuplexChannel duplex) {
                    ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(flushed -> duplex.shutdownOutput());
                } else {
                    ctx.close();
                }
            }
        }
    }

    void release() {
        closed = true;
        if (collected != null) {
            collected.release();
            collected = null;
        }
    }
}
