package io.nbd4j.client;

import io.netty.handler.ssl.SslContext;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How TLS is done where {@link TlsMode} asks for it: TLS 1.3 or 1.2, with the server's certificate verified, or with a key that
 * both know (PSK).
 *
 * <p>Immutable: each {@code with…} method returns a copy. Files are read at each connect, off the event loops; one that can't
 * be read, or is no good, fails the connect with an {@link NbdTlsException} before anything is started.
 *
 * <p>A pre-shared key needs Bouncy Castle's TLS library, {@code org.bouncycastle:bctls-jdk18on}, on the class path; no
 * certificate takes part then, so that {@code verification} and {@code provider} have no effect.
 *
 * @param credentials by what the two know each other
 * @param hostname the name that the server's certificate must have, and that the server is told (SNI); null for the host of a
 *     TCP target. It may be an IP address, which the certificate must have as such, and which is not told
 * @param username the identity for a pre-shared key, without any effect elsewhere; null for the user who runs the JVM
 * @param verification what is verified of the server's certificate
 * @param provider who does the cryptography; without effect on a context of the caller's own
 */
public record TlsOptions(
        TlsCredentials credentials,
        @Nullable String hostname,
        @Nullable String username,
        TlsVerification verification,
        TlsProvider provider) {
    private static final TlsOptions DEFAULTS =
            new TlsOptions(TlsCredentials.PemFiles.NONE, null, null, TlsVerification.CHAIN_AND_NAME, TlsProvider.AUTO);
    /** TLS counts the bytes of an identity with 16 bits. */
    private static final int MAX_USERNAME = 65535;

    /**
     * Checks the names.
     *
     * @throws IllegalArgumentException if the host's name or the user's is empty, or the latter longer than 65535 bytes of UTF-8
     */
    public TlsOptions {
        Objects.requireNonNull(credentials);
        Objects.requireNonNull(verification);
        Objects.requireNonNull(provider);
        if (hostname != null && hostname.isEmpty()) {
            throw new IllegalArgumentException("an empty host name");
        }
        if (username != null
                && (username.isEmpty() || username.getBytes(StandardCharsets.UTF_8).length > MAX_USERNAME)) {
            throw new IllegalArgumentException("a user name must have 1 to " + MAX_USERNAME + " bytes");
        }
    }

    /** Returns the options that trust what the JDK trusts, and verify chain and name. */
    public static TlsOptions defaults() {
        return DEFAULTS;
    }

    /**
     * Returns the directories where libnbd looks for certificates, in its order: those of the user, {@code .pki/libnbd} and
     * {@code .config/pki/libnbd} in the home directory, and that of the system, {@code /etc/pki/libnbd}.
     */
    public static List<Path> certificateDirectories() {
        List<Path> directories = new ArrayList<>();
        String home = System.getenv("HOME");
        if (home == null || home.isEmpty()) {
            home = System.getProperty("user.home");
        }
        if (home != null && !home.isEmpty()) {
            directories.add(Path.of(home, ".pki", "libnbd"));
            directories.add(Path.of(home, ".config", "pki", "libnbd"));
        }
        directories.add(Path.of("/etc/pki/libnbd"));
        return List.copyOf(directories);
    }

    /**
     * Returns the options that libnbd has by default: the certificates of the first of {@link #certificateDirectories} that has
     * a {@code ca-cert.pem}, or {@link #defaults} if none has. Looks at the file system.
     */
    public static TlsOptions ofCertificateDirectories() {
        return of(certificateDirectories());
    }

    static TlsOptions of(List<Path> directories) {
        return directories.stream()
                .filter(directory -> Files.isReadable(directory.resolve("ca-cert.pem")))
                .findFirst()
                .map(DEFAULTS::withCertificateDirectory)
                .orElse(DEFAULTS);
    }

    /** Returns a copy with other credentials. */
    public TlsOptions withCredentials(TlsCredentials other) {
        return new TlsOptions(other, hostname, username, verification, provider);
    }

    /**
     * Returns a copy that uses the caller's own context, whose provider, protocols, authorities and certificates hold. Whether
     * the certificate must have the host's name is up to these options; {@link TlsVerification#NONE} is as CHAIN then.
     */
    public TlsOptions withContext(SslContext own) {
        return withCredentials(new TlsCredentials.Own(own));
    }

    /** Returns a copy that trusts the authorities in a PEM file, and no others. */
    public TlsOptions withTrustedCertificates(Path pem) {
        TlsCredentials.PemFiles files = pemFiles();
        return withCredentials(new TlsCredentials.PemFiles(
                Objects.requireNonNull(pem), files.revocationLists(), files.certificateChain(), files.privateKey()));
    }

    /**
     * Returns a copy that does not accept what the authorities have revoked. They have to be given before.
     *
     * @param pem the lists of the authorities, see {@link TlsCredentials.PemFiles}
     * @throws IllegalArgumentException if there are no {@link #withTrustedCertificates}
     */
    public TlsOptions withRevocationLists(Path pem) {
        TlsCredentials.PemFiles files = pemFiles();
        return withCredentials(new TlsCredentials.PemFiles(
                files.trustedCertificates(),
                Objects.requireNonNull(pem),
                files.certificateChain(),
                files.privateKey()));
    }

    /** Returns a copy that shows a certificate to a server that asks for one. */
    public TlsOptions withCertificate(Path chain, Path key) {
        TlsCredentials.PemFiles files = pemFiles();
        return withCredentials(new TlsCredentials.PemFiles(
                files.trustedCertificates(),
                files.revocationLists(),
                Objects.requireNonNull(chain),
                Objects.requireNonNull(key)));
    }

    /** The files so far; they start anew where the credentials were of another kind. */
    private TlsCredentials.PemFiles pemFiles() {
        return credentials instanceof TlsCredentials.PemFiles files ? files : TlsCredentials.PemFiles.NONE;
    }

    /** Returns a copy whose certificates are in a directory in libnbd's layout, see {@link TlsCredentials.Directory}. */
    public TlsOptions withCertificateDirectory(Path directory) {
        return withCredentials(new TlsCredentials.Directory(directory));
    }

    /**
     * Returns a copy that uses a key that both know.
     *
     * @param identity the name under which the server knows the key
     * @param key copied; not empty
     */
    public TlsOptions withPsk(String identity, byte[] key) {
        return withCredentials(new TlsCredentials.PskKey(key)).withUsername(identity);
    }

    /** Returns a copy that uses the {@code username}'s key in a file, see {@link TlsCredentials.PskFile}. */
    public TlsOptions withPskFile(Path file) {
        return withCredentials(new TlsCredentials.PskFile(file));
    }

    /** Returns a copy with another identity for a pre-shared key. */
    public TlsOptions withUsername(String name) {
        return new TlsOptions(credentials, hostname, Objects.requireNonNull(name), verification, provider);
    }

    /** Returns a copy that expects the server's certificate to have this name, and tells it the server. */
    public TlsOptions withHostname(String name) {
        return new TlsOptions(credentials, Objects.requireNonNull(name), username, verification, provider);
    }

    /** Returns a copy that verifies more, or less, of the server's certificate. */
    public TlsOptions withVerification(TlsVerification wanted) {
        return new TlsOptions(credentials, hostname, username, wanted, provider);
    }

    /** Returns a copy whose cryptography is done by another. */
    public TlsOptions withProvider(TlsProvider other) {
        return new TlsOptions(credentials, hostname, username, verification, other);
    }
}
