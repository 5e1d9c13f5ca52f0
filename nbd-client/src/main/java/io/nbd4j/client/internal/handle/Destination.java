package io.nbd4j.client.internal.handle;

import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.NbdUri;
import io.nbd4j.client.TlsMode;
import io.nbd4j.client.TlsOptions;
import org.jspecify.annotations.Nullable;

/**
 * Where a handle leads, and how TLS is done there.
 *
 * @param target neither a URI nor an address
 */
record Destination(NbdTarget target, TlsMode tlsMode, TlsOptions tlsOptions) {
    /** Returns what a target comes down to. What a URI says about TLS is added to the settings. */
    static Destination of(NbdTarget target, ClientSettings settings) {
        NbdUri uri = target instanceof NbdTarget.Uri named ? named.uri() : null;
        return new Destination(
                Targets.resolve(target),
                uri != null && uri.isTlsRequired() ? TlsMode.REQUIRE : settings.tlsMode(),
                uri == null ? settings.tlsOptions() : uri.tlsOptions(settings.tlsOptions()));
    }

    /** Returns the same by way of a Unix socket. */
    Destination at(String socketPath) {
        return new Destination(NbdTarget.unix(socketPath), tlsMode, tlsOptions);
    }

    /** Returns the host whose name the server's certificate should have, null if there is none. */
    @Nullable
    String host() {
        return target instanceof NbdTarget.Tcp tcp ? tcp.host() : null;
    }
}
