package io.nbd4j.client.internal.tls.options;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.CRL;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/** The authorities in a file, and what they have revoked. */
final class Authorities {
    private Authorities() {}

    /**
     * Returns what trusts these authorities and no others.
     *
     * @param revoked their revocation lists; null for none, then nothing is known to be revoked
     */
    static TrustManagerFactory read(Path trusted, @Nullable Path revoked) throws IOException, GeneralSecurityException {
        CertificateFactory x509 = CertificateFactory.getInstance("X.509");
        Set<TrustAnchor> anchors = certificates(x509, trusted).stream()
                .map(certificate -> new TrustAnchor((X509Certificate) certificate, null))
                .collect(Collectors.toSet());
        if (anchors.isEmpty()) {
            throw new CertificateException("no certificate in " + trusted);
        }
        PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors, new X509CertSelector());
        if (revoked == null) {
            parameters.setRevocationEnabled(false);
        } else {
            parameters.addCertStore(
                    CertStore.getInstance("Collection", new CollectionCertStoreParameters(lists(x509, revoked))));
            // Nobody is asked over the network. Without an up-to-date list nobody knows, and that is no.
            PKIXRevocationChecker checker =
                    (PKIXRevocationChecker) CertPathBuilder.getInstance("PKIX").getRevocationChecker();
            checker.setOptions(
                    EnumSet.of(PKIXRevocationChecker.Option.PREFER_CRLS, PKIXRevocationChecker.Option.NO_FALLBACK));
            parameters.addCertPathChecker(checker);
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(new CertPathTrustManagerParameters(parameters));
        return factory;
    }

    private static Collection<? extends Certificate> certificates(CertificateFactory x509, Path file)
            throws IOException, CertificateException {
        try (InputStream in = Files.newInputStream(file)) {
            return x509.generateCertificates(in);
        } catch (CertificateException e) {
            throw new CertificateException("no certificates in " + file + ": " + e.getMessage(), e);
        }
    }

    private static Collection<? extends CRL> lists(CertificateFactory x509, Path file)
            throws IOException, GeneralSecurityException {
        Collection<? extends CRL> lists;
        try (InputStream in = Files.newInputStream(file)) {
            lists = x509.generateCRLs(in);
        }
        if (lists.isEmpty()) {
            throw new CertificateException("no revocation list in " + file);
        }
        return lists;
    }
}
