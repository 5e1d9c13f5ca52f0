package io.nbd4j.testkit.internal;

import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.transmission.ReplyEncoder;
import io.nbd4j.codec.transmission.RequestDecoder;
import io.nbd4j.codec.transmission.RequestListener;
import io.nbd4j.codec.transmission.TransmissionMode;
import io.nbd4j.testkit.Export;
import io.nbd4j.testkit.ExportException;
import io.nbd4j.testkit.internal.RequestRules.Refusal;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Serves one connection in the transmission phase. Each request is carried out when it has been read; the replies of one
 * turn of reading leave together. Confined to the connection's event loop.
 *
 * <p>Memory is bounded: while more replies wait than the channel wants, no request is looked at, not even one that has
 * been read, and nothing more is read.
 */
final class TransmissionHandler extends ChannelInboundHandlerAdapter implements RequestListener {
    /** Enough for any reply without data. An error's message is short. */
    private static final int SMALL_REPLY = 256;

    private final Export export;
    private final boolean structuredReplies;
    private final RequestRules rules;
    private final RequestDecoder decoder = new RequestDecoder(TransmissionMode.SIMPLE, this);
    private final ReplyBatch replies = new ReplyBatch();
    private final ReadReply read;
    /** What has been read and has to wait until replies have left. */
    private final ArrayDeque<ByteBuf> waiting = new ArrayDeque<>();

    private @Nullable ChannelHandlerContext context;
    private boolean ending;

    // The write whose payload is being received.
    private int writeFlags;
    private long writeCookie;
    private long writeOffset;
    private @Nullable NbdError writeError;
    private String writeMessage = "";

    TransmissionHandler(ServedExport served, boolean structuredReplies) {
        this.export = served.export();
        this.structuredReplies = structuredReplies;
        this.rules = new RequestRules(served, structuredReplies);
        this.read = new ReadReply(served, structuredReplies, replies);
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
        continueRead(ctx);
        while (read.isOver() && !waiting.isEmpty() && ctx.channel().isWritable()) {
            ByteBuf in = waiting.getFirst();
            boolean decoded = false;
            try {
                decoder.decode(in);
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
        return !waiting.isEmpty() || !read.isOver();
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        flush(ctx);
        ctx.fireChannelReadComplete();
    }

    private void flush(ChannelHandlerContext ctx) {
        replies.write(ctx);
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
        if (event instanceof ChannelInputShutdownEvent) {
            // A client may half-close and still wait for its replies.
            ending = true;
            if (!isBehind()) {
                end(ctx);
            }
        }
        ctx.fireUserEventTriggered(event);
    }

    /** Closes the connection behind the last reply. */
    private void end(ChannelHandlerContext ctx) {
        ending = true;
        decoder.discard();
        ctx.channel().config().setAutoRead(false);
        replies.write(ctx);
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
        decoder.discard();
        replies.release();
        waiting.forEach(ByteBuf::release);
        waiting.clear();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ConnectionFailure.close(ctx, cause);
    }

    @Override
    public void request(int flags, CommandType type, int rawType, long cookie, long offset, long length) {
        if (type == CommandType.DISC) {
            end(ctx());
            return;
        }
        Refusal refusal = rules.check(flags, type, offset, length);
        if (type == CommandType.WRITE && length > 0) {
            writeFlags = flags;
            writeCookie = cookie;
            writeOffset = offset;
            writeError = refusal == null ? null : refusal.error();
            writeMessage = refusal == null ? "" : refusal.message();
            return;
        }
        if (refusal != null) {
            fail(cookie, refusal.error(), refusal.message());
        } else {
            try {
                perform(flags, type, cookie, offset, length);
            } catch (ExportException e) {
                fail(cookie, e);
            }
        }
        replied();
    }

    private void perform(int flags, CommandType type, long cookie, long offset, long length) throws ExportException {
        if (type == CommandType.READ) {
            read(flags, cookie, offset, length);
            return;
        }
        if (length > 0) {
            switch (type) {
                case TRIM -> export.trim(offset, length);
                case WRITE_ZEROES -> export.zero(offset, length, !has(flags, CommandFlag.NO_HOLE));
                default -> {
                    // CACHE: all of a memory is as near as it gets. A WRITE of nothing has nothing to do.
                }
            }
        }
        if (type == CommandType.FLUSH || has(flags, CommandFlag.FUA)) {
            export.flush();
        }
        succeed(cookie);
    }

    @Override
    public void payload(ByteBuf in, int length, boolean last) {
        if (writeError == null) {
            try {
                export.write(writeOffset, in, length);
                writeOffset += length;
                if (last && has(writeFlags, CommandFlag.FUA)) {
                    export.flush();
                }
            } catch (ExportException e) {
                writeError = e.error();
                writeMessage = message(e);
            }
        }
        if (last) {
            if (writeError == null) {
                succeed(writeCookie);
            } else {
                fail(writeCookie, writeError, writeMessage);
            }
            replied();
        }
    }

    private void read(int flags, long cookie, long offset, long length) {
        if (length > 0) {
            read.start(!has(flags, CommandFlag.DF), cookie, offset, length);
            continueRead(ctx());
        } else if (structuredReplies) {
            ReplyEncoder.none(replies.room(ctx(), SMALL_REPLY), cookie);
        } else {
            succeed(cookie);
        }
    }

    /** Makes as much of the reply to the current read as the channel wants. */
    private void continueRead(ChannelHandlerContext ctx) {
        while (!read.isOver() && ctx.channel().isWritable()) {
            try {
                read.next(ctx);
            } catch (ExportException e) {
                if (read.isCommitted()) {
                    // The client would take the error for content, and all that follows.
                    decoder.discard();
                    ConnectionFailure.close(ctx, e);
                } else {
                    fail(read.cookie(), e);
                }
            }
            replies.writeIfFull(ctx);
        }
    }

    private void succeed(long cookie) {
        ReplyEncoder.simpleReply(replies.room(ctx(), SMALL_REPLY), 0, cookie);
    }

    private void fail(long cookie, ExportException e) {
        fail(cookie, e.error(), message(e));
    }

    private void fail(long cookie, NbdError error, String message) {
        ByteBuf out = replies.room(ctx(), SMALL_REPLY);
        if (structuredReplies) {
            ReplyEncoder.error(out, true, cookie, error.wire(), message);
        } else {
            ReplyEncoder.simpleReply(out, error.wire(), cookie);
        }
    }

    private static String message(ExportException e) {
        String message = String.valueOf(e.getMessage());
        return message.substring(0, Math.min(message.length(), 1000)); // A string has 4096 bytes at most.
    }

    private void replied() {
        replies.writeIfFull(ctx());
        if (!read.isOver() || !ctx().channel().isWritable()) {
            decoder.pause();
        }
    }

    private static boolean has(int flags, CommandFlag flag) {
        return (flags & flag.bit()) != 0;
    }
}
