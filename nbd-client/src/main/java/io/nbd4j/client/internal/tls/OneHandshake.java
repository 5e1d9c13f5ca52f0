package io.nbd4j.client.internal.tls;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLHandshakeException;

/**
 * Behind the handler that encrypts: ends a connection whose server starts a second handshake, which TLS 1.2 allows, no NBD
 * server needs, and TLS 1.3 has abolished. The JDK has no switch for that. It is seen before its second half, for which the
 * server needs the client's answer, can have arrived.
 */
final class OneHandshake extends ChannelInboundHandlerAdapter {
    private final SSLEngine engine;
    private boolean watching;

    OneHandshake(SSLEngine engine) {
        this.engine = engine;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake && handshake.isSuccess()) {
            // In TLS 1.3 what looks like a handshake is a new key or a ticket.
            watching = "TLSv1.2".equals(engine.getSession().getProtocol());
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (watching
                && !engine.isInboundDone()
                && !engine.isOutboundDone()
                && engine.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING) {
            watching = false;
            ctx.fireExceptionCaught(new SSLHandshakeException("the server wants to renegotiate"));
            ctx.close();
        }
        ctx.fireChannelReadComplete();
    }
}
