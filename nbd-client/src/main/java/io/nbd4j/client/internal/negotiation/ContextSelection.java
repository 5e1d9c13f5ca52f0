package io.nbd4j.client.internal.negotiation;

import io.nbd4j.client.MetaContext;
import java.util.ArrayList;
import java.util.List;

/**
 * The meta contexts that the server has selected. A selection holds for one export, and until STARTTLS or the next one.
 *
 * @param exportName the export
 * @param contexts in the server's order, maybe none
 */
record ContextSelection(String exportName, List<MetaContext> contexts) {
    ContextSelection {
        contexts = List.copyOf(contexts);
    }

    /** Returns whether two contexts have one identifier, so that nobody could tell their block status apart. */
    boolean isAmbiguous(MetaContext another) {
        return contexts.stream().anyMatch(known -> known.id() == another.id() && !known.equals(another));
    }

    /** Returns the selection with one more context. A server may repeat one that was asked for twice. */
    ContextSelection with(MetaContext another) {
        if (contexts.contains(another)) {
            return this;
        }
        List<MetaContext> longer = new ArrayList<>(contexts);
        longer.add(another);
        return new ContextSelection(exportName, longer);
    }
}
