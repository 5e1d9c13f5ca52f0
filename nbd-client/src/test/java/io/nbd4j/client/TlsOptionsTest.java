package io.nbd4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TlsOptionsTest {
    private static final Path FILE = Path.of("file.pem");

    @TempDir
    Path directory;

    @Test
    void byDefaultChainAndNameAreVerified() {
        assertThat(TlsOptions.defaults().verification()).isEqualTo(TlsVerification.CHAIN_AND_NAME);
        assertThat(TlsOptions.defaults().provider()).isEqualTo(TlsProvider.AUTO);
    }

    @Test
    void filesAddUpAndOtherCredentialsReplaceThem() {
        // When
        TlsOptions files = TlsOptions.defaults()
                .withTrustedCertificates(FILE)
                .withCertificate(FILE, FILE)
                .withRevocationLists(FILE);

        // Then
        assertThat(files.credentials()).isEqualTo(new TlsCredentials.PemFiles(FILE, FILE, FILE, FILE));
        assertThat(files.withPskFile(FILE).credentials()).isEqualTo(new TlsCredentials.PskFile(FILE));
        assertThat(files.withCertificateDirectory(FILE)
                        .withTrustedCertificates(FILE)
                        .credentials())
                .isEqualTo(new TlsCredentials.PemFiles(FILE, null, null, null));
    }

    @Test
    void whatBelongsTogetherComesTogether() {
        assertThatThrownBy(() -> new TlsCredentials.PemFiles(null, null, FILE, null))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> TlsOptions.defaults().withRevocationLists(FILE))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> TlsOptions.defaults().withUsername("")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> TlsOptions.defaults().withUsername("x".repeat(65536)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> TlsOptions.defaults().withHostname("")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> TlsOptions.defaults().withPsk("alice", new byte[0]))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aKeyIsCopiedAndNotShown() {
        // Given
        byte[] key = {0x5e, 0x5e};
        TlsOptions options = TlsOptions.defaults().withPsk("alice", key);

        // When
        key[0] = 0;

        // Then
        assertThat(options.credentials()).isEqualTo(new TlsCredentials.PskKey(new byte[] {0x5e, 0x5e}));
        assertThat(options.username()).isEqualTo("alice");
        assertThat(options.toString()).contains("2 bytes").doesNotContain("94").doesNotContain("5e");
    }

    @Test
    void theDirectoriesAreThoseOfLibnbd() {
        assertThat(TlsOptions.certificateDirectories())
                .endsWith(Path.of("/etc/pki/libnbd"))
                .anyMatch(directory -> directory.endsWith(Path.of(".pki", "libnbd")))
                .anyMatch(directory -> directory.endsWith(Path.of(".config", "pki", "libnbd")));
    }

    @Test
    void theFirstDirectoryWithAuthoritiesIsUsed() throws IOException {
        // Given
        Path first = Files.createDirectory(directory.resolve("first"));
        Path second = Files.createDirectory(directory.resolve("second"));
        List<Path> both = List.of(directory.resolve("missing"), first, second);

        // When // Then
        assertThat(TlsOptions.of(both)).isEqualTo(TlsOptions.defaults());
        Files.createFile(second.resolve("ca-cert.pem"));
        assertThat(TlsOptions.of(both).credentials()).isEqualTo(new TlsCredentials.Directory(second));
        Files.createFile(first.resolve("ca-cert.pem"));
        assertThat(TlsOptions.of(both).credentials()).isEqualTo(new TlsCredentials.Directory(first));
    }
}
