package io.nbd4j.client;

import io.netty.handler.ssl.SslContext;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** By what the server is known to be the right one, and the client shows who it is. {@link TlsOptions} makes these. */
public sealed interface TlsCredentials {
    /**
     * The caller's own.
     *
     * @param context for clients
     */
    record Own(SslContext context) implements TlsCredentials {
        /**
         * Checks that it is for clients.
         *
         * @throws IllegalArgumentException if it is for servers
         */
        public Own {
            if (context.isServer()) {
                throw new IllegalArgumentException("an SslContext for servers");
            }
        }
    }

    /**
     * Certificates in files of PEM format.
     *
     * @param trustedCertificates the authorities that may have signed the server's certificate; null for those of the JDK
     * @param revocationLists what these authorities have revoked. Every certificate of the server's chain but the authority's
     *     then needs a list of its issuer, one that is not out of date. Null for no such check
     * @param certificateChain the client's own certificate, with those that lead to its authority; null for none
     * @param privateKey its key, in PKCS #8 format, not encrypted; null for none
     */
    record PemFiles(
            @Nullable Path trustedCertificates,
            @Nullable Path revocationLists,
            @Nullable Path certificateChain,
            @Nullable Path privateKey)
            implements TlsCredentials {
        /** Those of the JDK, and none for the client. */
        static final PemFiles NONE = new PemFiles(null, null, null, null);

        /**
         * Checks that what belongs together is there.
         *
         * @throws IllegalArgumentException if a certificate comes without its key, or lists without the authorities
         */
        public PemFiles {
            if ((certificateChain == null) != (privateKey == null)) {
                throw new IllegalArgumentException("a certificate and its key come together");
            }
            if (revocationLists != null && trustedCertificates == null) {
                throw new IllegalArgumentException("revocation lists need the authorities that have made them");
            }
        }
    }

    /**
     * A directory in libnbd's layout: {@code ca-cert.pem}, which must be there; {@code client-cert.pem} and
     * {@code client-key.pem}, both or neither; and {@code ca-crl.pem} with revocation lists, if there are any.
     */
    record Directory(Path directory) implements TlsCredentials {
        /** Refuses null. */
        public Directory {
            Objects.requireNonNull(directory);
        }
    }

    /** A file of keys that are known to both, a line {@code USERNAME:KEY-IN-HEX} each, as psktool of GnuTLS writes it. */
    record PskFile(Path file) implements TlsCredentials {
        /** Refuses null. */
        public PskFile {
            Objects.requireNonNull(file);
        }
    }

    /** A key that is known to both. */
    final class PskKey implements TlsCredentials {
        private final byte[] key;

        /**
         * Copies the key.
         *
         * @throws IllegalArgumentException if it is empty
         */
        public PskKey(byte[] key) {
            if (key.length == 0) {
                throw new IllegalArgumentException("an empty key");
            }
            this.key = key.clone();
        }

        /** Returns a copy. */
        public byte[] key() {
            return key.clone();
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof PskKey that && MessageDigest.isEqual(key, that.key);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(key);
        }

        /** Does not tell the key. */
        @Override
        public String toString() {
            return "PskKey[" + key.length + " bytes]";
        }
    }
}
