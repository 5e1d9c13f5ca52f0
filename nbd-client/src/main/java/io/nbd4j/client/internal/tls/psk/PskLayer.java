package io.nbd4j.client.internal.tls.psk;

import io.nbd4j.client.internal.tls.LastWords;
import io.nbd4j.client.internal.tls.TlsEnd;
import io.nbd4j.client.internal.tls.TlsLayer;
import io.netty.channel.Channel;
import io.netty.channel.ChannelPipeline;
import io.netty.util.concurrent.Future;
import java.security.SecureRandom;
import java.util.concurrent.Executor;
import org.bouncycastle.tls.crypto.TlsCrypto;
import org.bouncycastle.tls.crypto.impl.jcajce.JcaTlsCryptoProvider;
import org.jspecify.annotations.Nullable;

/** TLS with one pre-shared key, for the connections to one server. */
public final class PskLayer implements TlsLayer {
    private final String identity;
    private final byte[] key;
    private final @Nullable String hostname;
    private final Executor tasks;
    /** The JDK's ciphers, for which processors have instructions. */
    private final TlsCrypto crypto = new JcaTlsCryptoProvider().create(new SecureRandom());

    /**
     * Creates the layer, which takes a while where the library was not used before.
     *
     * @param key belongs to the layer
     * @param hostname what the server is told (SNI), null for nothing
     * @param tasks runs what takes long in a handshake
     */
    public PskLayer(String identity, byte[] key, @Nullable String hostname, Executor tasks) {
        this.identity = identity;
        this.key = key;
        this.hostname = hostname;
        this.tasks = tasks;
    }

    @Override
    public Future<Channel> addTo(ChannelPipeline pipeline) {
        PskClient client = new PskClient(crypto, identity, key, hostname);
        PskHandler handler = new PskHandler(
                new PskSession(client), tasks, pipeline.channel().eventLoop().newPromise());
        LastWords lastWords = new LastWords();
        pipeline.addFirst(lastWords, handler, new TlsEnd(handler::closeOutbound, client::session));
        return handler.handshake().addListener(done -> {
            if (done.isSuccess()) {
                pipeline.remove(lastWords);
            }
        });
    }
}
