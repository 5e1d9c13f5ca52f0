package io.nbd4j.client.internal.tls;

import io.nbd4j.client.TlsSession;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Behind the handler that encrypts: sees to it that TLS ends as it should, on both sides. Event-loop confined, one per channel.
 *
 * <p>The server's last word (close_notify) ends the channel: nothing more may come. An end without it may be the work of
 * somebody who cut the connection. While a reply is owed that is a loss like any other; otherwise it would look like an end in
 * order, so it is reported as an error before it. It is none when the client has said its own last word, after which many a
 * server just hangs up, or when the server has not said anything under TLS: that is about the client's certificate, which
 * {@code NegotiationHandler} knows.
 */
public final class TlsEnd extends ChannelDuplexHandler {
    private final Supplier<? extends Future<?>> lastWord;
    private final Supplier<TlsSession> session;
    private boolean up;
    private boolean heard;
    private boolean over;

    /**
     * Creates the handler.
     *
     * @param lastWord says close_notify, after all that was written before
     * @param session knows what was agreed on, once TLS is up
     */
    public TlsEnd(Supplier<? extends Future<?>> lastWord, Supplier<TlsSession> session) {
        this.lastWord = lastWord;
        this.session = session;
    }

    /** Returns whether TLS is up on the channel, or about to be. Any thread. */
    public static boolean isIn(Channel channel) {
        return channel.pipeline().get(TlsEnd.class) != null;
    }

    /** Returns what was agreed on. On the event loop, when TLS has come up on the channel. */
    public static TlsSession sessionOn(Channel channel) {
        return channel.pipeline().get(TlsEnd.class).session.get();
    }

    /**
     * Says the client's last word under TLS, without which the server can't tell the end from an attack.
     *
     * @return completes when it has left, or can't; null if there is no TLS on the channel
     */
    public static @Nullable Future<?> say(Channel channel) {
        TlsEnd end = channel.pipeline().get(TlsEnd.class);
        if (end == null) {
            return null;
        }
        end.over = true;
        return end.lastWord.get();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        heard = true;
        ctx.fireChannelRead(message);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake) {
            up = handshake.isSuccess();
        } else if (event instanceof ChannelInputShutdownEvent) {
            reportCutOff(ctx);
        }
        ctx.fireUserEventTriggered(event);
        if (event instanceof SslCloseCompletionEvent end && end.isSuccess()) {
            over = true;
            ctx.close();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        reportCutOff(ctx);
        ctx.fireChannelInactive();
    }

    private void reportCutOff(ChannelHandlerContext ctx) {
        if (up && heard && !over) {
            over = true;
            ctx.fireExceptionCaught(new IOException(
                    "the server hung up without ending TLS (close_notify), or somebody cut the connection"));
        }
    }

    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        over = true;
        ctx.close(promise);
    }
}
