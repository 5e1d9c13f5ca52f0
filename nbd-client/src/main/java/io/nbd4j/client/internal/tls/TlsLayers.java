package io.nbd4j.client.internal.tls;

import io.nbd4j.client.TlsOptions;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Makes TLS layers off the event loops: it reads files, and the JDK's own authorities take a while to load. */
public final class TlsLayers {
    /** Daemon threads that come with need and go after a minute. */
    private static final ThreadPoolExecutor THREADS = threads();

    private TlsLayers() {}

    private static ThreadPoolExecutor threads() {
        ThreadPoolExecutor threads = new ThreadPoolExecutor(
                4, 4, 60, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), new DefaultThreadFactory("nbd-tls", true));
        threads.allowCoreThreadTimeOut(true);
        return threads;
    }

    /**
     * Makes the layer of a connection. Any thread.
     *
     * @param host the host of the server, null if it has none
     * @return completes on another thread; fails with an {@link IOException} or an {@link IllegalArgumentException} if the
     *     options can't be used
     */
    public static CompletableFuture<TlsLayer> make(TlsOptions options, @Nullable String host) {
        return CompletableFuture.supplyAsync(() -> new SslLayer(context(options), options, host, THREADS), THREADS);
    }

    private static SslContext context(TlsOptions options) {
        if (options.context() != null) {
            return options.context();
        }
        SslContextBuilder builder = SslContextBuilder.forClient().protocols("TLSv1.3", "TLSv1.2");
        Path trusted = options.trustedCertificates();
        Path chain = options.certificateChain();
        Path key = options.privateKey();
        try {
            if (trusted != null) {
                try (InputStream authorities = Files.newInputStream(trusted)) {
                    builder.trustManager(authorities);
                }
            }
            if (chain != null && key != null) {
                try (InputStream certificates = Files.newInputStream(chain);
                        InputStream secret = Files.newInputStream(key)) {
                    builder.keyManager(certificates, secret);
                }
            }
            return builder.build();
        } catch (IOException e) {
            throw new CompletionException(e);
        }
    }
}
