package io.nbd4j.tools;

import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.NbdUri;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Understands TARGET: an NBD URI, or the bracket that stands for the command that was cut out. */
final class TargetConverter implements ITypeConverter<NbdTarget> {
    private final BracketedCommand split;

    TargetConverter(BracketedCommand split) {
        this.split = split;
    }

    @Override
    public NbdTarget convert(String value) {
        if (value.equals(BracketedCommand.OPEN)) {
            return NbdTarget.command(split.command());
        }
        if (!NbdUri.isNbdUri(value)) {
            throw new TypeConversionException("'" + value + "' is neither an NBD URI nor [ COMMAND ARG... ]");
        }
        try {
            return NbdTarget.uri(NbdUri.parse(value));
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException(String.valueOf(e.getMessage()));
        }
    }
}
