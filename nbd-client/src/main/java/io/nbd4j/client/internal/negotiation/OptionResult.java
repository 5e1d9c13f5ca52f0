package io.nbd4j.client.internal.negotiation;

import io.nbd4j.client.MetaContext;
import java.util.List;

/** What a request of the user in option mode brought. */
public sealed interface OptionResult {
    /** The exports that the server lists. */
    record Exports(List<ExportEntry> entries) implements OptionResult {}

    /** What the server says about an export. */
    record Information(NegotiatedExport export) implements OptionResult {}

    /** Whether the server agreed. */
    record Answer(boolean agreed) implements OptionResult {}

    /** The names of the meta contexts that the server lists. */
    record ContextNames(List<String> names) implements OptionResult {}

    /** The meta contexts that the server has selected. */
    record Contexts(List<MetaContext> contexts) implements OptionResult {}

    /** It is done, there is nothing to tell. */
    record Done() implements OptionResult {}
}
