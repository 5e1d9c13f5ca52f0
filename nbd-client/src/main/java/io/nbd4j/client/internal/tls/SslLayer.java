package io.nbd4j.client.internal.tls;

import io.nbd4j.client.TlsSession;
import io.nbd4j.client.TlsVerification;
import io.netty.channel.Channel;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.NetUtil;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.util.List;
import java.util.concurrent.Executor;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/** TLS with certificates for the connections to one server, by Netty's handler. */
public final class SslLayer implements TlsLayer {
    /** No port is told to the engine: it would only look for an earlier session under it. */
    private static final int NO_PORT = -1;

    private final SslContext context;
    private final boolean owner;
    private final @Nullable String hostname;
    private final TlsVerification verification;
    private final Executor tasks;

    private SslLayer(
            SslContext context,
            boolean owner,
            @Nullable String hostname,
            TlsVerification verification,
            Executor tasks) {
        if (hostname == null && verification == TlsVerification.CHAIN_AND_NAME) {
            throw new IllegalArgumentException("no name to verify");
        }
        this.context = context;
        this.owner = owner;
        this.hostname = hostname;
        this.verification = verification;
        this.tasks = tasks;
    }

    /**
     * Creates a layer with a context of the caller's own.
     *
     * @param hostname the server's name or IP address; may be null unless that is verified
     * @param tasks runs what takes long in a handshake
     */
    public static SslLayer of(
            SslContext context, @Nullable String hostname, TlsVerification verification, Executor tasks) {
        return new SslLayer(context, false, hostname, verification, tasks);
    }

    /** Creates a layer that owns its context. The parameters are those of {@link #of}. */
    public static SslLayer owning(
            SslContext context, @Nullable String hostname, TlsVerification verification, Executor tasks) {
        return new SslLayer(context, true, hostname, verification, tasks);
    }

    @Override
    public void release() {
        if (owner) {
            // That of OpenSSL counts its engines; there is nothing to release of the JDK's.
            ReferenceCountUtil.release(context);
        }
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
        parameters.setEndpointIdentificationAlgorithm(verification == TlsVerification.CHAIN_AND_NAME ? "HTTPS" : "");
        if (hostname != null) {
            tellName(hostname, parameters);
        }
        engine.setSSLParameters(parameters);
        if (OpenSsl.isAvailable()) {
            OpenSslEngines.refuseRenegotiation(engine);
        }
        LastWords lastWords = new LastWords();
        pipeline.addFirst(
                lastWords,
                handler,
                new OneHandshake(engine),
                new TlsEnd(handler::closeOutbound, () -> session(engine)));
        return handler.handshakeFuture().addListener(done -> {
            if (done.isSuccess()) {
                pipeline.remove(lastWords);
            }
        });
    }

    private static TlsSession session(SSLEngine engine) {
        SSLSession session = engine.getSession();
        boolean openSsl = OpenSsl.isAvailable() && OpenSslEngines.isOne(engine);
        return new TlsSession(openSsl ? "openssl" : "jdk", session.getProtocol(), session.getCipherSuite());
    }

    /** The engine would leave out names without a dot, such as those in a container's network. */
    private static void tellName(String hostname, SSLParameters parameters) {
        if (NetUtil.isValidIpV4Address(hostname) || NetUtil.isValidIpV6Address(hostname)) {
            return;
        }
        String name = hostname.endsWith(".") ? hostname.substring(0, hostname.length() - 1) : hostname;
        SNIHostName told;
        try {
            told = new SNIHostName(name);
        } catch (IllegalArgumentException e) {
            // Not a name that can be told, such as one with an underscore. Whether the certificate has it is another
            // question.
            return;
        }
        parameters.setServerNames(List.of(told));
    }
}
