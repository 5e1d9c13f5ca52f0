package io.nbd4j.testkit.internal;

import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.testkit.MetaContext;
import java.util.List;

/**
 * How an export is served.
 *
 * @param sizes what requests have to respect
 * @param holes whether chunked replies to reads name holes instead of sending their zeroes
 * @param contexts the meta contexts it has besides base:allocation, or instead of that, each name once
 * @param withheldFlags transmission flags that are not advertised, though the export could
 * @param tlsOnly whether a client has to start TLS before it can use the export
 */
public record ExportSettings(
        SizeConstraints sizes, boolean holes, List<MetaContext> contexts, int withheldFlags, boolean tlsOnly) {
    /** What holds unless something else is asked for. */
    public static final ExportSettings DEFAULT =
            new ExportSettings(SizeConstraints.DEFAULT, false, List.of(), 0, false);

    /** Copies the list. */
    public ExportSettings {
        contexts = List.copyOf(contexts);
    }

    /** Returns these settings with other sizes. */
    public ExportSettings withSizes(SizeConstraints other) {
        return new ExportSettings(other, holes, contexts, withheldFlags, tlsOnly);
    }

    /** Returns these settings with holes named or not. */
    public ExportSettings withHoles(boolean named) {
        return new ExportSettings(sizes, named, contexts, withheldFlags, tlsOnly);
    }

    /** Returns these settings with other meta contexts. */
    public ExportSettings withContexts(List<MetaContext> others) {
        return new ExportSettings(sizes, holes, others, withheldFlags, tlsOnly);
    }

    /** Returns these settings with other flags withheld. */
    public ExportSettings withWithheldFlags(int flags) {
        return new ExportSettings(sizes, holes, contexts, flags, tlsOnly);
    }

    /** Returns these settings with TLS required or not. */
    public ExportSettings withTlsOnly(boolean required) {
        return new ExportSettings(sizes, holes, contexts, withheldFlags, required);
    }
}
