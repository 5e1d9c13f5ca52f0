package io.nbd4j.client.internal.negotiation;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.internal.tls.TlsLayer;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.Promise;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Encrypts nothing. The test says when its handshake is over, and how. */
final class PlainLayer implements TlsLayer {
    private @Nullable Promise<Channel> handshake;

    @Override
    public Future<Channel> addTo(ChannelPipeline pipeline) {
        assertThat(handshake).as("TLS is started once").isNull();
        pipeline.addFirst("tls", new ChannelInboundHandlerAdapter());
        handshake = pipeline.channel().eventLoop().newPromise();
        return handshake;
    }

    boolean isStarted() {
        return handshake != null;
    }

    void up(Channel channel) {
        Objects.requireNonNull(handshake).setSuccess(channel);
    }

    void fails(Throwable cause) {
        Objects.requireNonNull(handshake).setFailure(cause);
    }
}
