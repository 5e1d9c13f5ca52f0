package io.nbd4j.client.internal.tls;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Before the handler that encrypts, as long as the TLS handshake goes on: closes the channel when what was said last has left.
 * That is the alert which tells the server why, and closing takes back what a transport has not written yet.
 */
public final class LastWords extends ChannelOutboundHandlerAdapter {
    /** A server that takes nothing at all is not waited for. */
    private static final long LIMIT_MILLIS = 1000;

    private @Nullable ChannelFuture last;

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        last = ctx.write(message, promise.unvoid());
    }

    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        ChannelFuture leaving = last;
        if (leaving == null || leaving.isDone()) {
            ctx.close(promise);
            return;
        }
        Future<?> limit = ctx.executor().schedule(() -> ctx.close(promise), LIMIT_MILLIS, TimeUnit.MILLISECONDS);
        leaving.addListener(left -> {
            if (limit.cancel(false)) {
                ctx.close(promise);
            }
        });
    }
}
