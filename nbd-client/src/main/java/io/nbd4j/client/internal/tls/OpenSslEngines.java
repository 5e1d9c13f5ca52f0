package io.nbd4j.client.internal.tls;

import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.internal.tcnative.SSL;
import javax.net.ssl.SSLEngine;

/** Loaded only where netty-tcnative is. */
final class OpenSslEngines {
    private OpenSslEngines() {}

    /** Returns whether an engine is one of OpenSSL's, or BoringSSL's. */
    static boolean isOne(SSLEngine engine) {
        return engine instanceof ReferenceCountedOpenSslEngine;
    }

    /** Takes from an engine what Netty grants to servers of TLS 1.2: to renegotiate once. */
    static void refuseRenegotiation(SSLEngine engine) {
        if (engine instanceof ReferenceCountedOpenSslEngine open && "BoringSSL".equals(OpenSsl.versionString())) {
            try {
                SSL.setRenegotiateMode(open.sslPointer(), SSL.SSL_RENEGOTIATE_NEVER);
            } catch (Exception e) {
                throw new IllegalStateException("BoringSSL can't be told not to renegotiate", e);
            }
        }
    }
}
