package io.nbd4j.codec.golden;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Turns readable hex into bytes.
 *
 * <p>Pairs of hex digits may be separated by white space; {@code 'text'} stands for its UTF-8; {@code 00*124} repeats a
 * byte; {@code #} starts a comment that ends with the line.
 */
public final class WireBytes {
    private static final Pattern TOKEN = Pattern.compile(
            "\\s+|#[^\\n]*|'(?<text>[^']*)'|(?<byte>\\p{XDigit}{2})\\*(?<count>\\d+)|(?<hex>(\\p{XDigit}{2}(?!\\*))+)");

    private WireBytes() {}

    /** Returns the bytes. */
    public static byte[] parse(String text) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Matcher token = TOKEN.matcher(text);
        int end = 0;
        while (token.lookingAt()) {
            if (token.group("text") != null) {
                out.writeBytes(token.group("text").getBytes(StandardCharsets.UTF_8));
            } else if (token.group("byte") != null) {
                int value = HexFormat.fromHexDigits(token.group("byte"));
                for (int i = Integer.parseInt(token.group("count")); i > 0; i--) {
                    out.write(value);
                }
            } else if (token.group("hex") != null) {
                out.writeBytes(HexFormat.of().parseHex(token.group("hex")));
            }
            end = token.end();
            token.region(end, text.length());
        }
        if (end < text.length()) {
            throw new IllegalArgumentException("neither hex nor a comment: " + text.substring(end));
        }
        return out.toByteArray();
    }

    /** Returns the parts one after the other. */
    public static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }
}
