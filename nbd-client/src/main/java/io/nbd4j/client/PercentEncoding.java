package io.nbd4j.client;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Percent-encoding by RFC 3986, with UTF-8 and without leniency: a plus is a plus, and a bad byte is an error. */
final class PercentEncoding {
    private static final String HEX = "0123456789ABCDEF";

    private PercentEncoding() {}

    /**
     * Decodes one part of a URI, whose other characters are ASCII.
     *
     * @param part what the part is called in an error message
     * @throws IllegalArgumentException if an escape is incomplete, or the bytes are not UTF-8
     */
    static String decode(String part, String encoded) {
        if (encoded.indexOf('%') < 0) {
            return encoded;
        }
        ByteBuffer bytes = ByteBuffer.allocate(encoded.length());
        for (int i = 0; i < encoded.length(); i++) {
            char c = encoded.charAt(i);
            if (c != '%') {
                bytes.put((byte) c);
                continue;
            }
            int high = i + 2 < encoded.length() ? digit(encoded.charAt(i + 1)) : -1;
            int low = i + 2 < encoded.length() ? digit(encoded.charAt(i + 2)) : -1;
            if (high < 0 || low < 0) {
                throw NbdUriParser.error(
                        "%s has a %% without two hexadecimal digits: %s", part, NbdUriParser.quote(encoded));
            }
            bytes.put((byte) (high << 4 | low));
            i += 2;
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString();
        } catch (CharacterCodingException e) {
            throw NbdUriParser.error(
                    "%s is not UTF-8 once it is percent-decoded: %s", part, NbdUriParser.quote(encoded));
        }
    }

    /** Encodes everything but slashes and the characters that RFC 3986 calls unreserved. */
    static String encode(String text) {
        StringBuilder encoded = new StringBuilder(text.length());
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xff);
            if (isUnreserved(c) || c == '/') {
                encoded.append(c);
            } else {
                encoded.append('%').append(HEX.charAt(c >> 4)).append(HEX.charAt(c & 15));
            }
        }
        return encoded.toString();
    }

    static boolean isUnreserved(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || "-._~".indexOf(c) >= 0;
    }

    private static int digit(char c) {
        // Character.digit alone accepts the digits of every script.
        return c < 0x80 ? Character.digit(c, 16) : -1;
    }
}
