package io.nbd4j.testkit.internal;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Bytes as a person types them: pairs of hex digits with white space where it helps, {@code 'text'} for its UTF-8,
 * {@code 00*124} for a byte many times, {@code #} for a comment up to the end of the line.
 */
public final class HexText {
    private static final Pattern WORD = Pattern.compile("\\s+|#[^\\n]*"
            + "|'(?<text>[^']*)'"
            + "|(?<repeated>\\p{XDigit}{2})\\*(?<times>\\d{1,9})"
            + "|(?<digits>(?:\\p{XDigit}{2}(?!\\*))+)");

    private HexText() {}

    /**
     * Returns the bytes.
     *
     * @throws IllegalArgumentException if a part of the text is nothing of the kind
     */
    public static byte[] parse(String text) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Matcher word = WORD.matcher(text);
        int position = 0;
        while (position < text.length()) {
            word.region(position, text.length());
            if (!word.lookingAt()) {
                throw new IllegalArgumentException("neither hex, text nor a comment: " + text.substring(position));
            }
            append(word, bytes);
            position = word.end();
        }
        return bytes.toByteArray();
    }

    private static void append(Matcher word, ByteArrayOutputStream bytes) {
        String text = word.group("text");
        String repeated = word.group("repeated");
        String digits = word.group("digits");
        if (text != null) {
            bytes.writeBytes(text.getBytes(StandardCharsets.UTF_8));
        } else if (repeated != null) {
            bytes.writeBytes(HexFormat.of().parseHex(repeated.repeat(Integer.parseInt(word.group("times")))));
        } else if (digits != null) {
            bytes.writeBytes(HexFormat.of().parseHex(digits));
        }
    }

    /** Returns bytes in groups of four, at most {@code limit} of them, and how many there are if that is not all. */
    public static String show(byte[] bytes, int limit) {
        StringBuilder shown = new StringBuilder();
        int length = Math.min(bytes.length, limit);
        for (int i = 0; i < length; i++) {
            if (i > 0 && i % 4 == 0) {
                shown.append(' ');
            }
            shown.append(HexFormat.of().toHexDigits(bytes[i]));
        }
        if (bytes.length > length) {
            shown.append(" ... (").append(bytes.length).append(" bytes)");
        }
        return shown.toString();
    }
}
