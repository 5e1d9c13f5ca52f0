package io.nbd4j.client.internal.tls.options;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nbd4j.client.TlsCredentials;
import io.nbd4j.client.TlsOptions;
import io.nbd4j.client.TlsVerification;
import io.nbd4j.client.internal.tls.SslLayer;
import io.nbd4j.client.internal.tls.TlsLayer;
import io.nbd4j.client.internal.tls.psk.PskLayer;
import io.nbd4j.testkit.TestCertificates;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TlsLayersTest {
    @TempDir
    Path directory;

    private static @Nullable Throwable failureOf(TlsOptions options, @Nullable String host) {
        try {
            TlsLayers.make(options, host).join();
        } catch (CompletionException e) {
            return e.getCause();
        }
        throw new AssertionError("it did not fail");
    }

    private static void assertMakes(Class<? extends TlsLayer> type, TlsOptions options, @Nullable String host) {
        TlsLayer layer = TlsLayers.make(options, host).join();
        assertThat(layer).isInstanceOf(type);
        layer.release();
    }

    @Test
    void whereNothingIsKnownOfTheNameTheChainAloneTakesAWordOfTheUser() {
        // Given
        TlsOptions options = TlsOptions.defaults();

        // When // Then
        assertThat(failureOf(options, null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no host");
        assertMakes(SslLayer.class, options, "disk.example");
        assertMakes(SslLayer.class, options, "fe80::1%eth0");
        assertMakes(SslLayer.class, options.withHostname("disk.example"), null);
        assertMakes(SslLayer.class, options.withVerification(TlsVerification.CHAIN), null);
        assertMakes(SslLayer.class, options.withVerification(TlsVerification.NONE), null);
    }

    @Test
    void aKeyNeedsNoNameOfAHost() throws IOException {
        // Given
        Path keys = Files.writeString(directory.resolve("keys.psk"), "alice:00\n");

        // When // Then
        assertMakes(PskLayer.class, TlsOptions.defaults().withPsk("alice", new byte[1]), null);
        assertMakes(PskLayer.class, TlsOptions.defaults().withPskFile(keys).withUsername("alice"), null);
    }

    @Test
    void whereTheLibraryIsMissingTheErrorNamesIt() throws IOException {
        try (URLClassLoader empty = new URLClassLoader(new URL[0], ClassLoader.getPlatformClassLoader())) {
            assertThatThrownBy(() -> PskSupport.requireLibrary(empty))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("org.bouncycastle:bctls-jdk18on");
        }
        PskSupport.requireLibrary(TlsLayersTest.class.getClassLoader());
    }

    /** Section 8, row 8 of what libnbd does otherwise: it takes the authorities of the system then, without a word. */
    @Test
    void aDirectoryWithoutAuthoritiesIsAnError() {
        assertThat(failureOf(TlsOptions.defaults().withCertificateDirectory(directory), "disk.example"))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("ca-cert.pem");
    }

    @Test
    void aDirectoryMayHaveACertificateOfTheClient() throws IOException {
        // Given
        TestCertificates certificates = TestCertificates.create();
        certificates.writePem(directory, certificates.server("disk.example"), certificates.client("alice"));
        TlsOptions options = TlsOptions.defaults().withCertificateDirectory(directory);

        // When // Then
        assertThat(CertificateDirectory.filesOf(directory))
                .isEqualTo(new TlsCredentials.PemFiles(
                        directory.resolve("ca-cert.pem"),
                        null,
                        directory.resolve("client-cert.pem"),
                        directory.resolve("client-key.pem")));
        assertMakes(SslLayer.class, options, "disk.example");

        // When
        Files.delete(directory.resolve("client-key.pem"));

        // Then
        assertThat(failureOf(options, "disk.example"))
                .isInstanceOf(NoSuchFileException.class)
                .hasMessageContaining("client-key.pem");

        // When
        Files.delete(directory.resolve("client-cert.pem"));

        // Then
        assertThat(CertificateDirectory.filesOf(directory).certificateChain()).isNull();
        assertMakes(SslLayer.class, options, "disk.example");
    }
}
