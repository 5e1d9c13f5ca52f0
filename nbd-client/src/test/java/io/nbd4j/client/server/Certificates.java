package io.nbd4j.client.server;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.nio.file.Files;
import java.nio.file.Path;

/** An authority made for a test, and what it signs, in the files that nbdkit and qemu-nbd want. */
final class Certificates {
    private final Path directory;
    private final X509Bundle authority;

    /** Makes the authority. */
    Certificates(Path directory) throws Exception {
        this.directory = directory;
        this.authority = builder("CN=authority of a test")
                .setIsCertificateAuthority(true)
                .setKeyUsage(true, CertificateBuilder.KeyUsage.keyCertSign)
                .buildSelfSigned();
        Files.writeString(trusted(), authority.getRootCertificatePEM());
    }

    private static CertificateBuilder builder(String subject) {
        return new CertificateBuilder().rsa2048().subject(subject);
    }

    /** Returns the file with the authority's certificate. */
    Path trusted() {
        return directory.resolve("ca-cert.pem");
    }

    /** Returns the directory, with a server's certificate for 127.0.0.1 and {@code name} in it. */
    Path forServer(String name) throws Exception {
        return forServer(builder("CN=" + name).addSanDnsName(name).addSanIpAddress("127.0.0.1"));
    }

    /** Returns the directory, with a server's certificate for {@code name} only in it. */
    Path forServerNamed(String name) throws Exception {
        return forServer(builder("CN=" + name).addSanDnsName(name));
    }

    private Path forServer(CertificateBuilder builder) throws Exception {
        X509Bundle server = builder.setKeyUsage(true, CertificateBuilder.KeyUsage.digitalSignature)
                .addExtendedKeyUsageServerAuth()
                .buildIssuedBy(authority);
        write(server, "server");
        return directory;
    }

    /** Makes {@link #clientChain} and {@link #clientKey}. */
    void forClient() throws Exception {
        X509Bundle client = builder("CN=client")
                .setKeyUsage(true, CertificateBuilder.KeyUsage.digitalSignature)
                .addExtendedKeyUsageClientAuth()
                .buildIssuedBy(authority);
        write(client, "client");
    }

    Path clientChain() {
        return directory.resolve("client-cert.pem");
    }

    Path clientKey() {
        return directory.resolve("client-key.pem");
    }

    private void write(X509Bundle bundle, String whose) throws Exception {
        Files.writeString(directory.resolve(whose + "-cert.pem"), bundle.getCertificatePathPEM());
        Files.writeString(directory.resolve(whose + "-key.pem"), bundle.getPrivateKeyPEM());
    }
}
