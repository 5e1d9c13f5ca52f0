package io.nbd4j.testkit.internal;

import io.nbd4j.codec.handshake.ClientFlags;
import io.nbd4j.codec.handshake.ExportNameReply;
import io.nbd4j.codec.handshake.Greeting;
import io.nbd4j.codec.handshake.GreetingEncoder;
import io.nbd4j.codec.handshake.MalformedOption;
import io.nbd4j.codec.handshake.NewstyleGreeting;
import io.nbd4j.codec.handshake.OldstyleGreeting;
import io.nbd4j.codec.handshake.OptionReply;
import io.nbd4j.codec.handshake.OptionReplyEncoder;
import io.nbd4j.codec.handshake.OptionRequest;
import io.nbd4j.codec.handshake.OptionRequestDecoder;
import io.nbd4j.codec.transmission.TransmissionMode;
import io.nbd4j.testkit.HandshakeStyle;
import io.nbd4j.testkit.internal.ServerNegotiation.HangUp;
import io.nbd4j.testkit.internal.ServerNegotiation.StartTls;
import io.nbd4j.testkit.internal.ServerNegotiation.Step;
import io.nbd4j.testkit.internal.ServerNegotiation.Transmit;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.util.List;

/** Greets, and does what {@link ServerNegotiation} says. Replaced by a {@link TransmissionHandler} in the end. */
@SuppressWarnings("FutureReturnValueIgnored") // What a void promise fails with arrives at exceptionCaught.
final class NegotiationHandler extends ChannelInboundHandlerAdapter {
    private final OptionRequestDecoder decoder;
    private final ServerProfile profile;
    private final ServerNegotiation negotiation;
    private boolean over;

    NegotiationHandler(OptionRequestDecoder decoder, ServerProfile profile) {
        this.decoder = decoder;
        this.profile = profile;
        this.negotiation = new ServerNegotiation(profile);
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        if (profile.handshake() == HandshakeStyle.OLDSTYLE) {
            ServedExport only = profile.exports().values().iterator().next();
            Agreement agreement = new Agreement(only, TransmissionMode.SIMPLE, List.of());
            greet(ctx, new OldstyleGreeting(only.export().size(), agreement.transmissionFlags()));
            transmit(ctx, agreement);
        } else {
            greet(ctx, new NewstyleGreeting(profile.handshakeFlags()));
        }
        ctx.fireChannelActive();
    }

    private static void greet(ChannelHandlerContext ctx, Greeting greeting) {
        ByteBuf out = ctx.alloc().directBuffer();
        GreetingEncoder.encode(greeting, out);
        ctx.writeAndFlush(out, ctx.voidPromise());
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
        if (over) {
            return; // Messages hold no buffers; what a client says behind its last option is nobody's business.
        }
        if (!ctx.channel().isWritable()) {
            // A client has to wait for the answer before it asks on. One that piles up answers is no client.
            hangUp(ctx);
        } else if (message instanceof ClientFlags flags) {
            perform(ctx, negotiation.onClientFlags(flags));
        } else if (message instanceof MalformedOption malformed) {
            perform(ctx, negotiation.onMalformedOption(malformed));
        } else {
            perform(ctx, negotiation.onOption((OptionRequest) message));
        }
    }

    private void perform(ChannelHandlerContext ctx, Step step) throws Exception {
        if (!step.replies().isEmpty()) {
            ByteBuf out = ctx.alloc().directBuffer();
            for (OptionReply reply : step.replies()) {
                OptionReplyEncoder.encode(reply, out);
            }
            ctx.writeAndFlush(out, ctx.voidPromise());
        }
        if (step.next() instanceof HangUp) {
            hangUp(ctx);
        } else if (step.next() instanceof StartTls) {
            startTls(ctx);
        } else if (step.next() instanceof Transmit transmit) {
            transmit(ctx, transmit);
        }
    }

    /** Puts TLS below everything else. What came behind the request is its first input. */
    private void startTls(ChannelHandlerContext ctx) throws Exception {
        SslContext context = profile.sslContext();
        if (context == null) {
            throw new IllegalStateException("TLS was agreed on without a context for it");
        }
        SslHandler tls = context.newHandler(ctx.alloc());
        ctx.pipeline().addFirst(tls);
        ChannelHandlerContext tlsContext = ctx.pipeline().context(tls);
        tls.channelRead(tlsContext, decoder.takeUnread());
        tls.channelReadComplete(tlsContext);
    }

    private void hangUp(ChannelHandlerContext ctx) {
        over = true;
        decoder.stop();
        ctx.channel().config().setAutoRead(false); // Or a client that goes on talking would fill the decoder.
        // What was answered before arrives.
        ctx.writeAndFlush(ctx.alloc().buffer(0)).addListener(ChannelFutureListener.CLOSE);
    }

    private void transmit(ChannelHandlerContext ctx, Transmit transmit) {
        Agreement agreement = transmit.agreement();
        if (transmit.byExportName()) {
            ByteBuf out = ctx.alloc().directBuffer();
            long size = agreement.export().export().size();
            OptionReplyEncoder.encode(new ExportNameReply(size, agreement.transmissionFlags()), transmit.zeroes(), out);
            ctx.writeAndFlush(out, ctx.voidPromise());
        }
        transmit(ctx, agreement);
    }

    private void transmit(ChannelHandlerContext ctx, Agreement agreement) {
        over = true;
        decoder.stop();
        // The decoder's removal hands its unread bytes to this handler, so it has to go behind this one's.
        ctx.pipeline().addAfter(ctx.name(), null, new TransmissionHandler(agreement, new ReplyBatch(ctx.channel())));
        ctx.pipeline().remove(this);
        ctx.pipeline().remove(decoder);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent
                || event instanceof SslCloseCompletionEvent
                || event == ServerShutdown.INSTANCE) {
            hangUp(ctx);
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ConnectionFailure.close(ctx, cause);
    }
}
