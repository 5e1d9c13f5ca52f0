package io.nbd4j.client.internal.negotiation;

import java.util.List;

/** What a request of the user in option mode brought. */
public sealed interface OptionResult {
    /** The exports that the server lists. */
    record Exports(List<ExportEntry> entries) implements OptionResult {}

    /** What the server says about an export. */
    record Information(NegotiatedExport export) implements OptionResult {}

    /** It is done, there is nothing to tell. */
    record Done() implements OptionResult {}
}
