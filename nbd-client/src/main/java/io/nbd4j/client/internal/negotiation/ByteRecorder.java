package io.nbd4j.client.internal.negotiation;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.Arrays;

/** Keeps the first bytes of the stream, and counts them all. Event-loop confined. */
final class ByteRecorder extends ChannelInboundHandlerAdapter {
    private final byte[] first = new byte[ReceivedBytes.MAX_KEPT];
    private long count;

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof ByteBuf in) {
            if (count < first.length) {
                int kept = (int) Math.min(first.length - count, in.readableBytes());
                in.getBytes(in.readerIndex(), first, (int) count, kept);
            }
            count += in.readableBytes();
        }
        ctx.fireChannelRead(message);
    }

    ReceivedBytes received() {
        return new ReceivedBytes(count, Arrays.copyOf(first, (int) Math.min(count, first.length)));
    }
}
