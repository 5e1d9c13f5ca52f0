package io.nbd4j.tools.serve;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.testkit.TestCertificates;
import io.nbd4j.testkit.junit.RequiresServer;
import io.nbd4j.tools.NbdCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The server under TLS, with certificates made for the test, and libnbd as the client. */
class ServeTlsIT {
    @TempDir
    Path directory;

    private Path certificates;

    @BeforeEach
    void issueCertificates() throws IOException {
        TestCertificates authority = TestCertificates.create();
        certificates = Files.createDirectory(directory.resolve("pki"));
        authority.writePem(certificates, authority.server("localhost", "127.0.0.1"), authority.client("alice"));
    }

    @Test
    @RequiresServer("nbdinfo")
    void servesClientsItsAuthorityKnowsAndNobodyElse() throws Exception {
        // Given
        NbdCommand serve =
                serve("--tls-client-ca", certificates.resolve("ca-cert.pem").toString());
        String uri = serve.firstLine();

        // When // Then
        assertThat(uri).startsWith("nbds://127.0.0.1:");
        assertThat(nbdinfo(uri + "?tls-certificates=" + certificates)).isZero();
        assertThat(nbdinfo(uri.replace("nbds:", "nbd:"))).isNotZero();
        Path withoutClient = Files.createDirectory(directory.resolve("anonymous"));
        Files.copy(certificates.resolve("ca-cert.pem"), withoutClient.resolve("ca-cert.pem"));
        assertThat(nbdinfo(uri + "?tls-certificates=" + withoutClient)).isNotZero();
        serve.process().destroy();
        serve.await();
    }

    @Test
    @RequiresServer("nbdinfo")
    void leavesTlsToClientsWhereItIsOptional() throws Exception {
        // Given
        NbdCommand serve = serve("--tls", "optional");
        String uri = serve.firstLine();

        // When // Then
        assertThat(uri).startsWith("nbd://127.0.0.1:");
        assertThat(nbdinfo(uri)).isZero();
        assertThat(nbdinfo(uri.replace("nbd:", "nbds:") + "?tls-certificates=" + certificates))
                .isZero();
        serve.process().destroy();
        serve.await();
    }

    @Test
    void aFileThatIsNoCertificateIsOneLineAndStatusOne() throws Exception {
        // Given
        Files.writeString(certificates.resolve("server-cert.pem"), "not a certificate\n");

        // When
        NbdCommand.Result result = serve().await();

        // Then
        assertThat(result.status()).isEqualTo(1);
        assertThat(result.out()).isEmpty();
        assertThat(result.err().lines())
                .singleElement()
                .asString()
                .startsWith("nbd serve: the certificate or the key for TLS is of no use: ");
    }

    private NbdCommand serve(String... options) throws IOException {
        List<String> arguments = new ArrayList<>(List.of(
                "serve",
                "--memory",
                "1m",
                "--port",
                "0",
                "--tls-certificate",
                certificates.resolve("server-cert.pem").toString(),
                "--tls-key",
                certificates.resolve("server-key.pem").toString()));
        arguments.addAll(List.of(options));
        return NbdCommand.start(directory, arguments.toArray(String[]::new));
    }

    private int nbdinfo(String uri) throws IOException, InterruptedException {
        Process nbdinfo = new ProcessBuilder("nbdinfo", "--size", uri)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("nbdinfo.log").toFile())
                .start();
        assertThat(nbdinfo.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return nbdinfo.exitValue();
    }
}
