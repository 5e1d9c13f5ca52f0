package io.nbd4j.client.internal.connection;

import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdException;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.NbdError;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** A write. */
class WriteCommand extends Command<@Nullable Void> {
    /** The payload, from {@link #index} on. Held by this command until it is sent or has ended. */
    @Nullable
    ByteBuf data;

    final int index;
    private final @Nullable ByteBuffer source;
    private final int sourcePosition;
    /** Completes when the payload has left user space; null if it was copied, so that nobody reads it any more. */
    private @Nullable ChannelFuture payloadSent;

    /** Takes {@code data}, of which it sends {@code length} bytes from {@code index} on. */
    WriteCommand(Connection connection, int flags, long offset, ByteBuf data, int index, int length) {
        super(connection, CommandType.WRITE, flags, offset, length);
        this.data = data;
        this.index = index;
        this.source = null;
        this.sourcePosition = 0;
    }

    /** Borrows {@code source}. */
    WriteCommand(Connection connection, int flags, long offset, ByteBuffer source) {
        super(connection, CommandType.WRITE, flags, offset, source.remaining());
        this.data = Unpooled.wrappedBuffer(source);
        this.index = 0;
        this.source = source;
        this.sourcePosition = source.position();
    }

    @Override
    final long payloadLength() {
        return length;
    }

    /** Gives up the payload without having sent it through its own buffer, since it was copied. */
    final void payloadCopied() {
        releaseBuffers();
    }

    /** The channel owns the payload from here on. {@code sent} completes when it has left. */
    final void payloadTaken(ChannelFuture sent) {
        payloadSent = sent;
        data = null;
    }

    @Override
    final @Nullable NbdException prepare() {
        return bufferProblem();
    }

    @Override
    final @Nullable NbdException bufferProblem() {
        ByteBuf payload = data;
        if (payload != null && (payload.refCnt() == 0 || payload.capacity() - index < length)) {
            return new InvalidRequestException(
                    "the payload was released, or made shorter, by its caller", NbdError.EINVAL, type, range());
        }
        return null;
    }

    @Override
    final void releaseBuffers() {
        ByteBuf buffer = data;
        if (buffer != null) {
            data = null;
            // One that its caller has released as well must not make trouble for other commands.
            if (buffer.refCnt() > 0) {
                buffer.release();
            }
        }
    }

    @Override
    void deliver() {
        releaseBuffers();
        if (source != null) {
            source.position(sourcePosition + (int) length);
        }
        succeed(null);
    }

    @Override
    final boolean isPayloadLeaving() {
        ChannelFuture sent = payloadSent;
        return sent != null && !sent.isDone();
    }

    @Override
    final void detach(Runnable ending) {
        ChannelFuture sent = payloadSent;
        if (sent == null || sent.isDone()) {
            ending.run();
        } else {
            sent.addListener(ignored -> ending.run());
        }
    }
}
