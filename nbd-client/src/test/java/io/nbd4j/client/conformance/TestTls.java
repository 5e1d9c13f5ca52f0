package io.nbd4j.client.conformance;

import io.nbd4j.client.TlsOptions;
import io.nbd4j.testkit.TestCertificates;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;

/** The certificates of the suite: one authority, which the clients trust, and servers of two names. */
final class TestTls {
    static final String NAME = "disk.example";

    private static final TestCertificates CERTIFICATES = TestCertificates.create();
    private static final SslContext SERVER = CERTIFICATES.serverContext(CERTIFICATES.server(NAME));
    private static final SslContext OTHER_SERVER = CERTIFICATES.serverContext(CERTIFICATES.server("other.example"));
    private static final SslContext SERVER_FOR_KNOWN_CLIENTS =
            CERTIFICATES.serverContextForKnownClients(CERTIFICATES.server(NAME));

    private TestTls() {}

    /** Returns the options of a client that trusts the authority, and insists on {@link #NAME}. */
    static TlsOptions options() {
        try {
            return TlsOptions.defaults()
                    .withContext(SslContextBuilder.forClient()
                            .sslProvider(SslProvider.JDK)
                            .trustManager(CERTIFICATES.authority())
                            .build())
                    .withHostname(NAME);
        } catch (SSLException e) {
            throw new AssertionError(e);
        }
    }

    static SSLEngine server() {
        return SERVER.newEngine(UnpooledByteBufAllocator.DEFAULT);
    }

    /** Returns a server whose certificate has another name. */
    static SSLEngine otherServer() {
        return OTHER_SERVER.newEngine(UnpooledByteBufAllocator.DEFAULT);
    }

    /** Returns a server that demands a certificate of its clients, by TLS 1.3. */
    static SSLEngine serverForKnownClients() {
        SSLEngine engine = SERVER_FOR_KNOWN_CLIENTS.newEngine(UnpooledByteBufAllocator.DEFAULT);
        engine.setEnabledProtocols(new String[] {"TLSv1.3"});
        return engine;
    }
}
