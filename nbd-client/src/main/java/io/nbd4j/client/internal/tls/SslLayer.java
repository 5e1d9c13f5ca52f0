package io.nbd4j.client.internal.tls;

import io.nbd4j.client.TlsOptions;
import io.netty.channel.Channel;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.Future;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/** TLS for the connections to one server, by Netty's handler. */
public final class SslLayer implements TlsLayer {
    /** No port is told to the engine: it would only look for an earlier session under it. */
    private static final int NO_PORT = -1;

    private final SslContext context;
    private final @Nullable String hostname;
    private final boolean verifyHostname;
    private final Executor tasks;

    /**
     * Creates the layer.
     *
     * @param host the host of the server, null if it has none
     * @param tasks runs what takes long in a handshake
     */
    SslLayer(SslContext context, TlsOptions options, @Nullable String host, Executor tasks) {
        this.context = context;
        this.hostname = options.hostname() != null ? options.hostname() : withoutZone(host);
        this.verifyHostname = options.verifyHostname();
        this.tasks = tasks;
    }

    /** The zone of an IPv6 address means something on this machine only, and is in no certificate. */
    private static @Nullable String withoutZone(@Nullable String host) {
        int zone = host == null ? -1 : host.indexOf('%');
        return host == null || zone < 0 ? host : host.substring(0, zone);
    }

    @Override
    public Future<Channel> addTo(ChannelPipeline pipeline) {
        SslHandler handler = hostname == null
                ? context.newHandler(pipeline.channel().alloc(), tasks)
                : context.newHandler(pipeline.channel().alloc(), hostname, NO_PORT, tasks);
        // The timeout of the NBD handshake covers this one too.
        handler.setHandshakeTimeoutMillis(0);
        SSLEngine engine = handler.engine();
        SSLParameters parameters = engine.getSSLParameters();
        // Not null, which would mean "as before".
        parameters.setEndpointIdentificationAlgorithm(hostname != null && verifyHostname ? "HTTPS" : "");
        engine.setSSLParameters(parameters);
        pipeline.addFirst(handler);
        return handler.handshakeFuture();
    }
}
