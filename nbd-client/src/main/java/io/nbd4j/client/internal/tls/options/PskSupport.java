package io.nbd4j.client.internal.tls.options;

import io.nbd4j.client.internal.tls.TlsLayer;
import io.nbd4j.client.internal.tls.psk.PskLayer;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** The way to Bouncy Castle, which may be missing: nothing else loads a class that needs it. */
final class PskSupport {
    private PskSupport() {}

    /**
     * Returns the layer for a key.
     *
     * @throws IllegalStateException if the library is missing
     */
    static TlsLayer layer(String identity, byte[] key, @Nullable String hostname, Executor tasks) {
        requireLibrary(PskSupport.class.getClassLoader());
        return new PskLayer(identity, key, hostname, tasks);
    }

    /** Throws if {@code loader} does not find the library. */
    static void requireLibrary(ClassLoader loader) {
        try {
            Class.forName("org.bouncycastle.tls.TlsClientProtocol", false, loader);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(
                    "a pre-shared key needs Bouncy Castle's TLS library, org.bouncycastle:bctls-jdk18on, on the class path",
                    e);
        }
    }
}
