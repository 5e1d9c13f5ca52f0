package io.nbd4j.client.server;

import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.Objects;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.cert.X509v2CRLBuilder;
import org.bouncycastle.cert.jcajce.JcaX509v2CRLBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.Nullable;

/** An authority made for a test, and what it signs, in the files that nbdkit and qemu-nbd want. */
final class Certificates {
    private final Path directory;
    private final X509Bundle authority;
    private @Nullable X509Bundle server;

    /** Makes the authority. */
    Certificates(Path directory) throws Exception {
        this.directory = directory;
        this.authority = builder("CN=authority of a test")
                .setIsCertificateAuthority(true)
                .setKeyUsage(true, CertificateBuilder.KeyUsage.keyCertSign, CertificateBuilder.KeyUsage.cRLSign)
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
        X509Bundle issued = builder.setKeyUsage(true, CertificateBuilder.KeyUsage.digitalSignature)
                .addExtendedKeyUsageServerAuth()
                .buildIssuedBy(authority);
        server = issued;
        write(issued, "server");
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

    /** Returns the file with the authority's revocation list. */
    Path revoked() {
        return directory.resolve("ca-crl.pem");
    }

    /** Makes {@link #revoked}, an empty list. */
    void revokeNothing() throws Exception {
        writeList(list(Duration.ofDays(1)));
    }

    /** Makes {@link #revoked}, an empty list that a new one should have replaced by now. */
    void revokeNothingAnyMore() throws Exception {
        writeList(list(Duration.ofHours(-1)));
    }

    /** Makes {@link #revoked}, with the last server's certificate on it. */
    @SuppressWarnings("JavaUtilDate") // the library wants it
    void revokeServer() throws Exception {
        X509v2CRLBuilder list = list(Duration.ofDays(1));
        list.addCRLEntry(
                Objects.requireNonNull(server).getCertificate().getSerialNumber(), new Date(), CRLReason.keyCompromise);
        writeList(list);
    }

    @SuppressWarnings("JavaUtilDate") // the library wants it
    private X509v2CRLBuilder list(Duration validFor) {
        Instant now = Instant.now();
        return new JcaX509v2CRLBuilder(authority.getCertificate(), Date.from(now.minus(Duration.ofDays(2))))
                .setNextUpdate(Date.from(now.plus(validFor)));
    }

    private void writeList(X509v2CRLBuilder list) throws Exception {
        byte[] signed = list.build(new JcaContentSignerBuilder("SHA256withRSA")
                        .build(authority.getKeyPair().getPrivate()))
                .getEncoded();
        Files.writeString(
                revoked(),
                "-----BEGIN X509 CRL-----\n" + Base64.getMimeEncoder().encodeToString(signed)
                        + "\n-----END X509 CRL-----\n");
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
