package io.nbd4j.client.internal.handle;

import io.nbd4j.client.internal.capture.Capture;
import io.nbd4j.client.internal.negotiation.NegotiationHandler;
import io.nbd4j.client.internal.negotiation.NegotiationListener;
import io.nbd4j.client.internal.negotiation.NegotiationSettings;
import io.nbd4j.client.internal.tls.TlsLayer;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelInitializer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Puts the handshake into each channel that is tried; the one that becomes active is used. */
@Sharable
final class HandshakeInitializer extends ChannelInitializer<Channel> {
    private final ByteBufAllocator allocator;
    private final Duration timeout;
    private final NegotiationSettings wanted;
    private final @Nullable TlsLayer tls;
    private final @Nullable Capture capture;
    private final HandshakeWatch watch;
    private final NegotiationListener listener;

    /**
     * Creates what goes into the channels of a handle.
     *
     * @param wanted of the handshake
     * @param tls null if it is not to be had
     * @param capture null for none
     */
    HandshakeInitializer(
            ClientSettings settings,
            NegotiationSettings wanted,
            @Nullable TlsLayer tls,
            @Nullable Capture capture,
            HandshakeWatch watch,
            NegotiationListener listener) {
        this.allocator = settings.allocator();
        this.timeout = settings.handshakeTimeout();
        this.wanted = wanted;
        this.tls = tls;
        this.capture = capture;
        this.watch = watch;
        this.listener = listener;
    }

    @Override
    protected void initChannel(Channel channel) {
        channel.config().setAllocator(allocator);
        channel.pipeline().addLast(watch.traffic());
        if (capture != null) {
            channel.pipeline().addLast(capture);
        }
        channel.pipeline().addLast(new NegotiationHandler(wanted, timeout, tls, listener, watch));
    }
}
