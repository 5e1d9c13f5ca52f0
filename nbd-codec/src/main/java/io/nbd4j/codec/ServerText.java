package io.nbd4j.codec;

import java.util.PrimitiveIterator;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/** Makes text from the other side fit for messages and logs: bounded, on one line, without control characters. */
public final class ServerText {
    private static final String ELLIPSIS = "...";

    private ServerText() {}

    /**
     * Returns {@code text} with everything but visible characters and plain spaces written as an escape.
     *
     * <p>Line breaks and terminal sequences cannot forge a log line, marks of writing direction cannot reorder one. A
     * backslash is doubled, so that an escape cannot be forged either.
     *
     * @param maxChars the most characters returned, at least 3; what does not fit is replaced by three dots
     */
    public static String escape(String text, int maxChars) {
        return join(text.codePoints(), ServerText::escapePoint, maxChars);
    }

    /**
     * Returns bytes as text: printable ASCII as it is, everything else as an escape.
     *
     * @param maxChars the most characters returned, at least 3; what does not fit is replaced by three dots
     */
    public static String escape(byte[] bytes, int maxChars) {
        return join(IntStream.range(0, bytes.length).map(i -> bytes[i] & 0xff), ServerText::escapeByte, maxChars);
    }

    private static String join(IntStream units, IntFunction<String> escape, int maxChars) {
        StringBuilder out = new StringBuilder();
        int cut = 0;
        for (PrimitiveIterator.OfInt rest = units.iterator(); rest.hasNext(); ) {
            if (out.length() <= maxChars - ELLIPSIS.length()) {
                cut = out.length();
            }
            out.append(escape.apply(rest.nextInt()));
            if (out.length() > maxChars) {
                return out.replace(cut, out.length(), ELLIPSIS).toString();
            }
        }
        return out.toString();
    }

    private static String escapePoint(int point) {
        if (point < 0x80) {
            return escapeByte(point);
        }
        return switch (Character.getType(point)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> "\\u{" + Integer.toHexString(point) + "}";
            default -> Character.toString(point);
        };
    }

    private static String escapeByte(int value) {
        return switch (value) {
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            case '\\' -> "\\\\";
            default -> value >= ' ' && value < 0x7f ? Character.toString(value) : hex(value);
        };
    }

    private static String hex(int value) {
        return "\\x" + Character.forDigit(value >> 4, 16) + Character.forDigit(value & 0xf, 16);
    }
}
