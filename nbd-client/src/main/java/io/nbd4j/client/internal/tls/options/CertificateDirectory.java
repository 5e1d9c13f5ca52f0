package io.nbd4j.client.internal.tls.options;

import io.nbd4j.client.TlsCredentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The layout of a directory of certificates that libnbd and QEMU share. */
final class CertificateDirectory {
    private CertificateDirectory() {}

    /**
     * Returns the files that are in it.
     *
     * @throws NoSuchFileException if there are no authorities, which libnbd takes for the wish to trust those of the system; or
     *     if the client's certificate is there without its key, or the key without it
     */
    static TlsCredentials.PemFiles filesOf(Path directory) throws IOException {
        Path trusted = directory.resolve("ca-cert.pem");
        if (Files.notExists(trusted)) {
            throw new NoSuchFileException(trusted.toString(), null, "a directory of certificates needs it");
        }
        Path chain = directory.resolve("client-cert.pem");
        Path key = directory.resolve("client-key.pem");
        if (Files.exists(chain) != Files.exists(key)) {
            throw new NoSuchFileException(
                    (Files.exists(chain) ? key : chain).toString(), null, "a certificate and its key come together");
        }
        return new TlsCredentials.PemFiles(
                trusted, ifThere(directory.resolve("ca-crl.pem")), ifThere(chain), ifThere(key));
    }

    private static @Nullable Path ifThere(Path file) {
        return Files.exists(file) ? file : null;
    }
}
