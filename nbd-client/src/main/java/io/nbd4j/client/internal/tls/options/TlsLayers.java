package io.nbd4j.client.internal.tls.options;

import io.nbd4j.client.TlsCredentials;
import io.nbd4j.client.TlsOptions;
import io.nbd4j.client.TlsVerification;
import io.nbd4j.client.internal.tls.SslLayer;
import io.nbd4j.client.internal.tls.TlsLayer;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.security.GeneralSecurityException;
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
     * @return completes on another thread with a layer that the caller releases; fails with an {@link IOException}, a {@link GeneralSecurityException}, an
     *     {@link IllegalArgumentException} or an {@link IllegalStateException} if the options can't be used
     */
    public static CompletableFuture<TlsLayer> make(TlsOptions options, @Nullable String host) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return layer(options, options.hostname() != null ? options.hostname() : withoutZone(host));
                    } catch (IOException | GeneralSecurityException e) {
                        throw new CompletionException(e);
                    }
                },
                THREADS);
    }

    /** The zone of an IPv6 address means something on this machine only, and is in no certificate. */
    private static @Nullable String withoutZone(@Nullable String host) {
        int zone = host == null ? -1 : host.indexOf('%');
        return host == null || zone < 0 ? host : host.substring(0, zone);
    }

    private static TlsLayer layer(TlsOptions options, @Nullable String hostname)
            throws IOException, GeneralSecurityException {
        TlsCredentials credentials = options.credentials();
        if (credentials instanceof TlsCredentials.PskFile inFile) {
            String username = usernameOf(options);
            return PskSupport.layer(username, PskFile.keyOf(username, inFile.file()), hostname, THREADS);
        }
        if (credentials instanceof TlsCredentials.PskKey known) {
            return PskSupport.layer(usernameOf(options), known.key(), hostname, THREADS);
        }
        if (hostname == null && options.verification() == TlsVerification.CHAIN_AND_NAME) {
            throw new IllegalArgumentException(
                    "there is no host whose name the certificate must have: give that name as"
                            + " the host name of the options, or do without (verification of the chain only)");
        }
        if (credentials instanceof TlsCredentials.Own own) {
            return SslLayer.of(own.context(), hostname, options.verification(), THREADS);
        }
        TlsCredentials.PemFiles files = credentials instanceof TlsCredentials.Directory named
                ? CertificateDirectory.filesOf(named.directory())
                : (TlsCredentials.PemFiles) credentials;
        return SslLayer.owning(
                Contexts.of(files, options.verification(), options.provider()),
                hostname,
                options.verification(),
                THREADS);
    }

    /** As in libnbd, which takes the name from the environment first. */
    private static String usernameOf(TlsOptions options) {
        if (options.username() != null) {
            return options.username();
        }
        String name = System.getenv("LOGNAME");
        if (name == null || name.isEmpty()) {
            name = System.getProperty("user.name");
        }
        if (name == null || name.isEmpty()) {
            throw new IllegalArgumentException("a pre-shared key needs a user name");
        }
        return name;
    }
}
