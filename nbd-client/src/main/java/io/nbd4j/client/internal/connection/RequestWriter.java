package io.nbd4j.client.internal.connection;

import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.transmission.RequestEncoder;
import io.nbd4j.codec.transmission.TransmissionMode;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Gathers the requests of one turn of the event loop, so that they leave with one system call, or one for each MiB.
 *
 * <p>Headers and small payloads are copied into one buffer: copying a few KiB costs less than what the kernel and Netty
 * do for another element of a gathering write. Large payloads travel in their own buffers behind it.
 */
final class RequestWriter {
    /** Payloads up to here are copied. */
    private static final int COPY_LIMIT = 16 * 1024;

    private static final int MIN_BATCH = 1024;
    private static final int MAX_BATCH = 256 * 1024;

    /**
     * So much is worth a system call of its own. While the kernel takes more at once, the server's answers wait to be read,
     * and then the server waits for the next requests.
     */
    private static final int FULL = 1024 * 1024;

    /** For a batch that fits, which the transport usually takes at once: the pool has work to do for each buffer. */
    private static final LoopBuffer SMALL_BATCH = new LoopBuffer(16 * 1024);

    private final boolean extended;
    private final ChannelFutureListener payloadDone;

    private @Nullable ByteBuf batch;
    private int sinceFlush;
    /** Bytes of the payloads that travel in their own buffers. */
    private long payloadSinceFlush;

    private int expected = MIN_BATCH;

    /**
     * Creates a writer of the headers that {@code mode} stands for.
     *
     * @param onPayloadLost hears of a payload that an open channel did not take, such as for want of memory to copy it to.
     *     Nothing may be sent after its header
     */
    RequestWriter(TransmissionMode mode, Consumer<Throwable> onPayloadLost) {
        this.extended = mode == TransmissionMode.EXTENDED;
        this.payloadDone = sent -> {
            if (!sent.isSuccess() && sent.channel().isOpen()) {
                onPayloadLost.accept(sent.cause());
            }
        };
    }

    /** Adds the request of {@code command}; it is sent by the next {@link #flush}. */
    void add(ChannelHandlerContext ctx, Command<?> command) {
        if (command instanceof WriteCommand write) {
            addWrite(ctx, write);
        } else if (command instanceof StatusCommand status) {
            addStatus(ctx, status);
        } else {
            header(ctx, command, command.flags, 0);
        }
    }

    private void addWrite(ChannelHandlerContext ctx, WriteCommand write) {
        ByteBuf data = write.data;
        if (data == null) {
            throw new IllegalStateException("a write without its payload");
        }
        // Whatever its caller has made of the payload shows before the header is there, behind which it must not be
        // missing.
        int length = (int) write.length;
        if (length <= COPY_LIMIT) {
            ByteBuf out = room(ctx, headerLength() + length);
            int payloadIndex = out.writerIndex() + headerLength();
            out.setBytes(payloadIndex, data, write.index, length);
            header(ctx, write, write.flags, length);
            out.writerIndex(payloadIndex + length);
            write.payloadCopied();
        } else {
            ByteBuf payload = data.slice(write.index, length);
            header(ctx, write, write.flags, 0);
            passOn(ctx);
            payloadSinceFlush += length;
            ChannelPromise sent = ctx.newPromise();
            sent.addListener(payloadDone);
            write.payloadTaken(sent);
            ctx.write(payload, sent);
        }
    }

    private int headerLength() {
        return extended ? RequestEncoder.EXTENDED_HEADER_LENGTH : RequestEncoder.HEADER_LENGTH;
    }

    private void addStatus(ChannelHandlerContext ctx, StatusCommand status) {
        int[] filter = status.filter();
        if (filter == null) {
            header(ctx, status.flags, status.type, status.cookie, status.partOffset(), status.partLength(), 0);
        } else {
            int payload = RequestEncoder.STATUS_FILTER_LENGTH + Integer.BYTES * filter.length;
            int flags = status.flags | CommandFlag.PAYLOAD_LEN.bit();
            ByteBuf out = header(ctx, flags, status.type, status.cookie, status.partOffset(), payload, payload);
            RequestEncoder.statusFilter(out, status.partLength(), filter);
        }
    }

    private ByteBuf header(ChannelHandlerContext ctx, Command<?> command, int flags, int behind) {
        return header(ctx, flags, command.type, command.cookie, command.offset, command.length, behind);
    }

    private ByteBuf header(
            ChannelHandlerContext ctx, int flags, CommandType type, long cookie, long offset, long length, int behind) {
        ByteBuf out = room(ctx, headerLength() + behind);
        if (extended) {
            RequestEncoder.encodeExtended(out, flags, type, cookie, offset, length);
        } else {
            RequestEncoder.encode(out, flags, type, cookie, offset, (int) length);
        }
        return out;
    }

    /** Sends {@code NBD_CMD_DISC}, behind which nothing may follow. */
    ChannelFuture disconnect(ChannelHandlerContext ctx) {
        header(ctx, 0, CommandType.DISC, 0, 0, 0, 0);
        ChannelPromise sent = ctx.newPromise();
        passOn(ctx, sent);
        ctx.flush();
        return sent;
    }

    private ByteBuf room(ChannelHandlerContext ctx, int length) {
        ByteBuf out = batch;
        if (out != null && out.writableBytes() < length) {
            passOn(ctx);
            out = null;
        }
        if (out == null) {
            int capacity = Math.max(MIN_BATCH, Math.max(length, expected - sinceFlush));
            out = capacity <= SMALL_BATCH.capacity ? SMALL_BATCH.lend() : null;
            if (out == null) {
                out = ctx.alloc().directBuffer(capacity);
            }
            batch = out;
        }
        return out;
    }

    private void passOn(ChannelHandlerContext ctx) {
        passOn(ctx, ctx.voidPromise());
    }

    private void passOn(ChannelHandlerContext ctx, ChannelPromise sent) {
        ByteBuf full = batch;
        if (full != null) {
            batch = null;
            sinceFlush += full.readableBytes();
            ctx.write(full, sent);
        }
    }

    /** Returns whether so much was added that it should be sent before more is. */
    boolean isFull() {
        ByteBuf unsent = batch;
        return sinceFlush + payloadSinceFlush + (unsent == null ? 0 : unsent.readableBytes()) >= FULL;
    }

    /** Sends what was added. */
    void flush(ChannelHandlerContext ctx) {
        passOn(ctx);
        // The next turn probably has about as much to send as this one.
        expected = Math.min(sinceFlush, MAX_BATCH);
        sinceFlush = 0;
        payloadSinceFlush = 0;
        ctx.flush();
    }

    /** Forgets what was added and not flushed, as the connection has ended. */
    void discard() {
        ByteBuf unsent = batch;
        if (unsent != null) {
            batch = null;
            unsent.release();
        }
    }
}
