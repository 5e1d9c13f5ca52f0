package io.nbd4j.tools;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Understands the constants of an enum in lower case, which is how options spell them. */
public abstract class LowerCaseEnumConverter<E extends Enum<E>> implements ITypeConverter<E> {
    private final Class<E> type;

    /** Creates a converter. Subclasses give it a class that an annotation can name. */
    protected LowerCaseEnumConverter(Class<E> type) {
        this.type = type;
    }

    @Override
    public final E convert(String value) {
        for (E constant : type.getEnumConstants()) {
            if (spelling(constant).equals(value)) {
                return constant;
            }
        }
        String choice = Arrays.stream(type.getEnumConstants())
                .map(LowerCaseEnumConverter::spelling)
                .collect(Collectors.joining(", "));
        throw new TypeConversionException("'" + value + "' is none of " + choice);
    }

    private static String spelling(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
