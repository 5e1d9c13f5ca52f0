package io.nbd4j.tools.load;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.testkit.MemoryExport;
import io.nbd4j.testkit.RealServer;
import io.nbd4j.testkit.TestCertificates;
import io.nbd4j.testkit.TestServer;
import io.nbd4j.testkit.TlsMode;
import io.nbd4j.testkit.junit.RequiresServer;
import io.nbd4j.tools.NbdCommand;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Load tests under TLS, with certificates made for the test. */
class LoadTlsIT {
    private static final String NAME = "disk.example";

    @TempDir
    Path directory;

    private TestCertificates authority;
    private TestCertificates.Identity identity;
    private Path certificates;

    @BeforeEach
    void issueCertificates() throws Exception {
        authority = TestCertificates.create();
        identity = authority.server(NAME, "127.0.0.1");
        certificates = Files.createDirectory(directory.resolve("pki"));
        authority.writePem(certificates, identity, authority.client("alice"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"jdk", "openssl"})
    @RequiresServer("nbdkit")
    void eachProviderSpeaksWithNbdkitOnAUnixSocket(String provider) throws Exception {
        try (RealServer server = nbdkit()) {
            // When
            Map<String, Object> figures = figures(
                    uriOf(server, "tls-certificates=" + certificates),
                    "--tls-hostname=" + NAME,
                    "--tls-provider=" + provider,
                    "--fill");

            // Then
            assertThat(figures)
                    .containsEntry("errors", 0L)
                    .containsEntry("transport", "unix")
                    .containsEntry("tls/engine", provider)
                    .containsEntry("tls/protocol", "TLSv1.3")
                    .containsEntry("bytes_received_direct_share", 0.0);
            assertThat((String) figures.get("tls/cipher")).startsWith("TLS_");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"auto", "jdk", "openssl"})
    void theHostOfATcpUriIsTheNameThatIsVerified(String provider) throws Exception {
        try (TestServer server = TestServer.builder()
                .export("", MemoryExport.ofSize(1 << 20))
                .tls(TlsMode.REQUIRED, authority.serverContext(identity))
                .start()) {
            // When
            Map<String, Object> figures =
                    figures(server.uri(), "--tls-certificates=" + certificates, "--tls-provider=" + provider);

            // Then
            assertThat(server.uri()).startsWith("nbds://127.0.0.1:");
            assertThat(figures)
                    .containsEntry("errors", 0L)
                    .containsEntry("transport", "tcp")
                    .containsKey("tls/engine");
        }
    }

    @Test
    @RequiresServer("nbdkit")
    void aUnixSocketNeedsANameOrLessVerification() throws Exception {
        try (RealServer server = nbdkit()) {
            String uri = uriOf(server, "tls-certificates=" + certificates);
            Path strangers = Files.createDirectory(directory.resolve("strangers"));
            TestCertificates.create().writePem(strangers, identity, authority.client("alice"));
            String withStrangers = uriOf(server, "tls-certificates=" + strangers);

            // When // Then
            assertThat(figures(uri, "--tls-verify=chain")).containsEntry("errors", 0L);
            assertThat(figures(withStrangers, "--tls-verify=none")).containsEntry("errors", 0L);
            assertRefused(load(uri), "there is no host whose name the certificate must have");
            assertRefused(load(uri, "--tls-hostname=other.example"), "other.example");
            assertRefused(load(withStrangers, "--tls-verify=chain"), "TLS");
        }
    }

    @Test
    @RequiresServer("nbdkit")
    void speaksWithAPreSharedKey() throws Exception {
        // Given
        Path keys = Files.writeString(directory.resolve("keys.psk"), "alice:0123456789abcdef0123456789abcdef\n");
        try (RealServer server = RealServer.nbdkit("--tls=require", "--tls-psk=" + keys, "memory", "1M")) {
            // When
            Map<String, Object> option =
                    figures("nbds+unix://alice@/?socket=" + server.unixSocket(), "--tls-psk-file=" + keys);
            Map<String, Object> parameter =
                    figures("nbds+unix://alice@/?socket=" + server.unixSocket() + "&tls-psk-file=" + keys);

            // Then
            assertThat(option).containsEntry("errors", 0L).containsEntry("tls/engine", "bouncycastle");
            assertThat(parameter).containsEntry("errors", 0L).containsEntry("tls/engine", "bouncycastle");
        }
    }

    private RealServer nbdkit() {
        return RealServer.nbdkit("--tls=require", "--tls-certificates=" + certificates, "memory", "4M");
    }

    private static String uriOf(RealServer server, String parameter) {
        return "nbds+unix:///?socket=" + server.unixSocket() + "&" + parameter;
    }

    private static void assertRefused(NbdCommand.Result result, String complaint) {
        assertThat(result.err().lines()).singleElement().asString().contains(complaint);
        assertThat(result.status()).isEqualTo(1);
    }

    private Map<String, Object> figures(String... arguments) throws Exception {
        NbdCommand.Result result = load(arguments);
        assertThat(result.err()).isEmpty();
        assertThat(result.status()).isZero();
        return Json.parse(result.out());
    }

    private NbdCommand.Result load(String... arguments) throws Exception {
        return NbdCommand.run(
                directory,
                Stream.concat(
                                Stream.of("load", "--json", "--warmup=0.1", "--runtime=0.3", "--bs=64k"),
                                Arrays.stream(arguments))
                        .toArray(String[]::new));
    }
}
