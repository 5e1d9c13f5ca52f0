package io.nbd4j.tools;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Understands sizes in bytes, such as {@code 512}, {@code 4k}, {@code 1M}, {@code 2g}, {@code 1t}; the units are powers of 1024. */
public final class SizeConverter implements ITypeConverter<Long> {
    private static final Pattern SIZE = Pattern.compile("([0-9]{1,19})([kKmMgGtT]?)");

    @Override
    public Long convert(String value) {
        Matcher size = SIZE.matcher(value);
        if (!size.matches()) {
            throw new TypeConversionException("'" + value + "' is not a size such as 4096, 4k, 1m, 1g or 1t");
        }
        try {
            return Math.multiplyExact(Long.parseLong(size.group(1)), unit(size.group(2)));
        } catch (ArithmeticException | NumberFormatException e) {
            throw new TypeConversionException("'" + value + "' is more than 63 bits of bytes");
        }
    }

    private static long unit(String letter) {
        return switch (letter.toLowerCase(Locale.ROOT)) {
            case "k" -> 1L << 10;
            case "m" -> 1L << 20;
            case "g" -> 1L << 30;
            case "t" -> 1L << 40;
            default -> 1;
        };
    }
}
