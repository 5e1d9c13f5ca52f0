package io.nbd4j.tools.load;

import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.TlsOptions;
import io.nbd4j.client.TlsProvider;
import io.nbd4j.client.TlsVerification;
import io.nbd4j.tools.LowerCaseEnumConverter;
import io.nbd4j.tools.ToolException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options about TLS, for what a URI that requires it does not say. */
final class Tls {
    @Option(
            names = "--tls-certificates",
            paramLabel = "DIR",
            description = "For a URI that requires TLS (nbds://, nbds+unix://): the directory of ca-cert.pem,"
                    + " client-cert.pem and client-key.pem. By default libnbd's directories, or else the JDK's authorities."
                    + " What the URI says about TLS goes before all of these options.")
    private @Nullable Path certificates;

    @Option(
            names = "--tls-psk-file",
            paramLabel = "FILE",
            description = "A file of pre-shared keys, USERNAME:HEX, instead of certificates. USERNAME is the URI's, or"
                    + " that of who runs this.")
    private @Nullable Path keys;

    @Option(
            names = "--tls-hostname",
            paramLabel = "NAME",
            description = "The name that the server's certificate must have; by default the URI's host. A Unix socket"
                    + " has none.")
    private @Nullable String hostname;

    @Option(
            names = "--tls-verify",
            paramLabel = "WHAT",
            converter = VerificationConverter.class,
            description = "What is verified of the server's certificate: name, which is also all that follows, and the"
                    + " default; chain, its signatures and dates; or none.")
    private @Nullable Verification verification;

    @Option(
            names = "--tls-provider",
            paramLabel = "WHO",
            converter = ProviderConverter.class,
            description = "Who does the cryptography of TLS with certificates: jdk, openssl, or auto, which is openssl"
                    + " where it is to be had, and the default.")
    private @Nullable TlsProvider provider;

    /** What is verified of a certificate, in the words of the command line. */
    enum Verification {
        NAME(TlsVerification.CHAIN_AND_NAME),
        CHAIN(TlsVerification.CHAIN),
        NONE(TlsVerification.NONE);

        private final TlsVerification meaning;

        Verification(TlsVerification meaning) {
            this.meaning = meaning;
        }
    }

    /**
     * Returns the options for a target.
     *
     * @throws ToolException if one is given although the target does not use TLS, or they contradict each other
     */
    TlsOptions optionsFor(NbdTarget target) {
        if (!(target instanceof NbdTarget.Uri named && named.uri().isTlsRequired())) {
            if (isGiven()) {
                throw new ToolException("the options --tls-... are for a URI that requires TLS, such as nbds://HOST");
            }
            return TlsOptions.defaults();
        }
        if (certificates != null && keys != null) {
            throw new ToolException("--tls-certificates and --tls-psk-file exclude each other");
        }
        try {
            return options();
        } catch (IllegalArgumentException e) {
            throw new ToolException("--tls-hostname: " + e.getMessage(), e);
        }
    }

    private boolean isGiven() {
        return certificates != null || keys != null || hostname != null || verification != null || provider != null;
    }

    private TlsOptions options() {
        TlsOptions options = TlsOptions.ofCertificateDirectories();
        if (certificates != null) {
            options = options.withCertificateDirectory(certificates);
        }
        if (keys != null) {
            options = options.withPskFile(keys);
        }
        if (hostname != null) {
            options = options.withHostname(hostname);
        }
        if (verification != null) {
            options = options.withVerification(verification.meaning);
        }
        return provider == null ? options : options.withProvider(provider);
    }

    static final class VerificationConverter extends LowerCaseEnumConverter<Verification> {
        VerificationConverter() {
            super(Verification.class);
        }
    }

    static final class ProviderConverter extends LowerCaseEnumConverter<TlsProvider> {
        ProviderConverter() {
            super(TlsProvider.class);
        }
    }
}
