package io.nbd4j.client.internal.tls;

import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.internal.tcnative.SSL;
import javax.net.ssl.SSLEngine;

/** Loaded only where netty-tcnative is. */
final class OpenSslRenegotiation {
    private OpenSslRenegotiation() {}

    /** Takes from an engine what Netty grants to servers of TLS 1.2: to renegotiate once. */
    static void refuse(SSLEngine engine) {
        if (engine instanceof ReferenceCountedOpenSslEngine open && "BoringSSL".equals(OpenSsl.versionString())) {
            try {
                SSL.setRenegotiateMode(open.sslPointer(), SSL.SSL_RENEGOTIATE_NEVER);
            } catch (Exception e) {
                throw new IllegalStateException("BoringSSL can't be told not to renegotiate", e);
            }
        }
    }
}
