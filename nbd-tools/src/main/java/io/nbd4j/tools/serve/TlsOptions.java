package io.nbd4j.tools.serve;

import io.nbd4j.testkit.TlsMode;
import io.nbd4j.tools.LowerCaseEnumConverter;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options about TLS. Files are in the PEM format. */
final class TlsOptions {
    @Option(
            names = "--tls",
            paramLabel = "MODE",
            defaultValue = "required",
            converter = ClientsConverter.class,
            description =
                    "With a certificate: optional, clients may use TLS; or required, they must. ${DEFAULT-VALUE} by"
                            + " default.")
    private Clients clients = Clients.REQUIRED;

    @Option(
            names = "--tls-certificate",
            paramLabel = "PEM",
            required = true,
            description = "The server's certificate, and those between it and the authority.")
    @SuppressWarnings("NullAway.Init") // required
    private Path certificate;

    @Option(
            names = "--tls-key",
            paramLabel = "PEM",
            required = true,
            description = "The certificate's private key (PKCS #8, without a password).")
    @SuppressWarnings("NullAway.Init") // required
    private Path key;

    @Option(
            names = "--tls-client-ca",
            paramLabel = "PEM",
            description = "Serve only clients with a certificate that this authority has issued.")
    private @Nullable Path clientAuthority;

    /** What clients have to do. */
    enum Clients {
        OPTIONAL,
        REQUIRED
    }

    TlsMode mode() {
        return clients == Clients.OPTIONAL ? TlsMode.OPTIONAL : TlsMode.REQUIRED;
    }

    /** Returns the server's certificate. */
    Path certificate() {
        return certificate;
    }

    /** Returns its private key. */
    Path key() {
        return key;
    }

    /** Returns the authority that clients need a certificate of; {@code null} if they need none. */
    @Nullable
    Path clientAuthority() {
        return clientAuthority;
    }

    static final class ClientsConverter extends LowerCaseEnumConverter<Clients> {
        ClientsConverter() {
            super(Clients.class);
        }
    }
}
