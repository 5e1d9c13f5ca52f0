package io.nbd4j.client.internal.connection;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;

/**
 * Counts what a handle says and hears, from the first byte of the handshake on. Under TLS it counts what is inside.
 *
 * <p>It stays in the pipeline, behind TLS and before all else, and sees a batch of requests or a filled receive buffer at
 * a time. One for a handle, in each channel that is tried. Written by the event loop alone; other threads read what some
 * moment not long ago has left.
 */
@Sharable
public final class Traffic extends ChannelDuplexHandler {
    private long bytesSent;
    private long bytesReceived;
    private long optionsSent;
    private long greetings;

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof ByteBuf in) {
            bytesReceived += in.readableBytes();
        }
        ctx.fireChannelRead(message);
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (message instanceof ByteBuf out) {
            bytesSent += out.readableBytes();
        }
        ctx.write(message, promise);
    }

    /** A greeting has come: the one chunk of the handshake's that counts, as in libnbd. */
    public void greetingReceived() {
        greetings++;
    }

    /** An option is being sent. */
    public void optionSent() {
        optionsSent++;
    }

    /** Returns the bytes that were handed to the transport. */
    public long bytesSent() {
        return bytesSent;
    }

    /** Returns the bytes that have come. */
    public long bytesReceived() {
        return bytesReceived;
    }

    /** Returns the options that were sent. */
    public long optionsSent() {
        return optionsSent;
    }

    /** Returns 1 once the greeting has come. */
    public long greetings() {
        return greetings;
    }
}
