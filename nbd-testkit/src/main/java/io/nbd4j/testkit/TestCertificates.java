package io.nbd4j.testkit;

import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import javax.net.ssl.SSLException;

/**
 * A certificate authority that nobody but a test trusts, and certificates that it has issued, made on the fly.
 *
 * <p>Two of these know nothing of each other: one issues what the other takes for a forgery. Needs
 * {@code io.netty:netty-pkitesting} on the class path, which does not come along with the testkit.
 */
public final class TestCertificates {
    private static final Duration VALID = Duration.ofDays(1);

    private final X509Bundle authority;

    private TestCertificates(X509Bundle authority) {
        this.authority = authority;
    }

    /** Makes an authority, with a key of its own. */
    public static TestCertificates create() {
        return new TestCertificates(make(() -> builder("CN=nbd4j test authority")
                .setIsCertificateAuthority(true)
                .setKeyUsage(
                        true, CertificateBuilder.KeyUsage.keyCertSign, CertificateBuilder.KeyUsage.digitalSignature)
                .buildSelfSigned()));
    }

    /** Returns the certificate of the authority, which clients and servers are to trust. */
    public X509Certificate authority() {
        return authority.getCertificate();
    }

    /**
     * Issues the certificate of a server.
     *
     * @param hosts at least one name or IP address that it is good for
     */
    public Identity server(String... hosts) {
        Instant now = Instant.now();
        return server(now.minus(VALID), now.plus(VALID), hosts);
    }

    /**
     * Issues the certificate of a server that has ceased to be valid.
     *
     * @param hosts at least one name or IP address that it was good for
     */
    public Identity expiredServer(String... hosts) {
        Instant now = Instant.now();
        return server(now.minus(VALID.multipliedBy(2)), now.minus(VALID), hosts);
    }

    private Identity server(Instant notBefore, Instant notAfter, String... hosts) {
        if (hosts.length == 0) {
            throw new IllegalArgumentException("a server has at least one host name");
        }
        CertificateBuilder builder = builder("CN=" + hosts[0])
                .notBefore(notBefore)
                .notAfter(notAfter)
                .addExtendedKeyUsageServerAuth();
        for (String host : hosts) {
            if (NetUtil.isValidIpV4Address(host) || NetUtil.isValidIpV6Address(host)) {
                builder.addSanIpAddress(host);
            } else {
                builder.addSanDnsName(host);
            }
        }
        return new Identity(make(() -> builder.buildIssuedBy(authority)));
    }

    /**
     * Issues the certificate of a client.
     *
     * @param name what it is called, without any meaning to a {@link TestServer}
     */
    public Identity client(String name) {
        return new Identity(
                make(() -> builder("CN=" + name).addExtendedKeyUsageClientAuth().buildIssuedBy(authority)));
    }

    /** Returns what {@link TestServer.Builder#tls} takes: TLS 1.2 and 1.3, no certificates of clients. */
    public SslContext serverContext(Identity server) {
        return build(serverBuilder(server));
    }

    /** Returns what {@link TestServer.Builder#tls} takes, for clients with a certificate of this authority only. */
    public SslContext serverContextForKnownClients(Identity server) {
        return build(serverBuilder(server).trustManager(authority()).clientAuth(ClientAuth.REQUIRE));
    }

    private static SslContextBuilder serverBuilder(Identity server) {
        return SslContextBuilder.forServer(server.privateKey(), server.bundle.getCertificatePath())
                .sslProvider(SslProvider.JDK)
                .protocols("TLSv1.2", "TLSv1.3");
    }

    private static SslContext build(SslContextBuilder builder) {
        try {
            return builder.build();
        } catch (SSLException e) {
            throw new IllegalStateException("the JDK does not take the certificates", e);
        }
    }

    /**
     * Writes the files that libnbd and qemu look for: {@code ca-cert.pem}, {@code server-cert.pem}, {@code server-key.pem},
     * {@code client-cert.pem} and {@code client-key.pem}.
     *
     * @param directory must exist; files in it are replaced
     */
    public void writePem(Path directory, Identity server, Identity client) throws IOException {
        Files.writeString(directory.resolve("ca-cert.pem"), authority.getRootCertificatePEM());
        server.writePem(directory, "server");
        client.writePem(directory, "client");
    }

    /** A certificate and its private key. */
    public static final class Identity {
        private final X509Bundle bundle;

        private Identity(X509Bundle bundle) {
            this.bundle = bundle;
        }

        /** Returns the certificate. */
        public X509Certificate certificate() {
            return bundle.getCertificate();
        }

        /** Returns the private key. */
        public PrivateKey privateKey() {
            return bundle.getKeyPair().getPrivate();
        }

        private void writePem(Path directory, String name) throws IOException {
            Files.writeString(directory.resolve(name + "-cert.pem"), bundle.getCertificatePathPEM());
            Files.writeString(directory.resolve(name + "-key.pem"), bundle.getPrivateKeyPEM());
        }
    }

    /** RSA, since GnuTLS does not take elliptic keys as the JDK writes them. */
    private static CertificateBuilder builder(String subject) {
        Instant now = Instant.now();
        return new CertificateBuilder()
                .algorithm(CertificateBuilder.Algorithm.rsa2048)
                .subject(subject)
                .notBefore(now.minus(VALID))
                .notAfter(now.plus(VALID));
    }

    private interface Maker {
        X509Bundle make() throws Exception;
    }

    private static X509Bundle make(Maker maker) {
        try {
            return maker.make();
        } catch (Exception e) {
            throw new IllegalStateException("cannot make a certificate", e);
        }
    }
}
