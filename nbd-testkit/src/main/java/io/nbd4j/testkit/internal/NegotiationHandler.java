package io.nbd4j.testkit.internal;

import io.nbd4j.codec.handshake.ClientFlags;
import io.nbd4j.codec.handshake.ExportNameReply;
import io.nbd4j.codec.handshake.GreetingEncoder;
import io.nbd4j.codec.handshake.HandshakeFlags;
import io.nbd4j.codec.handshake.MalformedOption;
import io.nbd4j.codec.handshake.NewstyleGreeting;
import io.nbd4j.codec.handshake.OptionReply;
import io.nbd4j.codec.handshake.OptionReplyEncoder;
import io.nbd4j.codec.handshake.OptionRequest;
import io.nbd4j.codec.handshake.OptionRequestDecoder;
import io.nbd4j.testkit.internal.ServerNegotiation.HangUp;
import io.nbd4j.testkit.internal.ServerNegotiation.Step;
import io.nbd4j.testkit.internal.ServerNegotiation.Transmit;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;

/** Greets, and does what {@link ServerNegotiation} says. Replaced by a {@link TransmissionHandler} in the end. */
@SuppressWarnings("FutureReturnValueIgnored") // What a void promise fails with arrives at exceptionCaught.
final class NegotiationHandler extends ChannelInboundHandlerAdapter {
    private final OptionRequestDecoder decoder;
    private final ServerNegotiation negotiation;
    private boolean over;

    NegotiationHandler(OptionRequestDecoder decoder, ServerProfile profile) {
        this.decoder = decoder;
        this.negotiation = new ServerNegotiation(profile);
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        ByteBuf out = ctx.alloc().directBuffer();
        GreetingEncoder.encode(
                new NewstyleGreeting(new HandshakeFlags(HandshakeFlags.FIXED_NEWSTYLE | HandshakeFlags.NO_ZEROES)),
                out);
        ctx.writeAndFlush(out, ctx.voidPromise());
        ctx.fireChannelActive();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
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

    private void perform(ChannelHandlerContext ctx, Step step) {
        if (!step.replies().isEmpty()) {
            ByteBuf out = ctx.alloc().directBuffer();
            for (OptionReply reply : step.replies()) {
                OptionReplyEncoder.encode(reply, out);
            }
            ctx.writeAndFlush(out, ctx.voidPromise());
        }
        if (step.next() instanceof HangUp) {
            hangUp(ctx);
        } else if (step.next() instanceof Transmit transmit) {
            transmit(ctx, transmit);
        }
    }

    private void hangUp(ChannelHandlerContext ctx) {
        over = true;
        decoder.stop();
        ctx.channel().config().setAutoRead(false); // Or a client that goes on talking would fill the decoder.
        // What was answered before arrives.
        ctx.writeAndFlush(ctx.alloc().buffer(0)).addListener(ChannelFutureListener.CLOSE);
    }

    private void transmit(ChannelHandlerContext ctx, Transmit transmit) {
        over = true;
        decoder.stop();
        if (transmit.byExportName()) {
            ByteBuf out = ctx.alloc().directBuffer();
            long size = transmit.export().export().size();
            OptionReplyEncoder.encode(new ExportNameReply(size, transmit.transmissionFlags()), transmit.zeroes(), out);
            ctx.writeAndFlush(out, ctx.voidPromise());
        }
        // The decoder's removal hands its unread bytes to this handler, so it has to go behind this one's.
        ctx.pipeline()
                .addAfter(ctx.name(), null, new TransmissionHandler(transmit.export(), transmit.structuredReplies()));
        ctx.pipeline().remove(this);
        ctx.pipeline().remove(decoder);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            hangUp(ctx);
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ConnectionFailure.close(ctx, cause);
    }
}
