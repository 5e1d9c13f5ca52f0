package io.nbd4j.client.internal.tls.options;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;

/** A file of lines {@code USERNAME:KEY-IN-HEX}. Never quotes a line, in which a key is. */
final class PskFile {
    private static final int MAX_BYTES = 1 << 20;

    private PskFile() {}

    /**
     * Returns the key in the first line that is the user's.
     *
     * @throws IOException if the file can't be read, is over 1 MiB, or has no key for the user
     */
    static byte[] keyOf(String username, Path file) throws IOException {
        String text;
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw new IOException("more than " + MAX_BYTES + " bytes are no file of keys: " + file);
            }
            text = new String(bytes, StandardCharsets.UTF_8);
        }
        String start = username + ":";
        for (String line : text.lines().toList()) {
            if (line.startsWith(start)) {
                return key(line.substring(start.length()).strip(), username, file);
            }
        }
        throw new IOException("no key for the user '" + username + "' in " + file);
    }

    private static byte[] key(String hex, String username, Path file) throws IOException {
        try {
            byte[] key = HexFormat.of().parseHex(hex);
            if (key.length > 0) {
                return key;
            }
        } catch (IllegalArgumentException e) {
            // Its message has the key in it.
        }
        throw new IOException("the key of the user '" + username + "' is no hex number of whole bytes: " + file);
    }
}
