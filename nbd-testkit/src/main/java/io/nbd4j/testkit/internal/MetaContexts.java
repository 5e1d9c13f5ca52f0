package io.nbd4j.testkit.internal;

import java.util.List;

/** Which meta contexts of an export the queries of a client mean. */
final class MetaContexts {
    private static final char SEPARATOR = ':';

    private MetaContexts() {}

    /**
     * Returns what a client that lists is told of. No query asks for everything, and one that ends with a colon for
     * everything that starts so: {@code base:} has to work, others do the same.
     */
    static List<ServedContext> listed(ServedExport export, List<String> queries) {
        if (queries.isEmpty()) {
            return export.contexts();
        }
        return export.contexts().stream()
                .filter(context -> queries.stream()
                        .anyMatch(query -> isWildcard(query)
                                ? context.name().startsWith(query)
                                : context.name().equals(query)))
                .toList();
    }

    /** Returns what a client selects by full names. What is unknown is left out, as are wildcards. */
    static List<ServedContext> selected(ServedExport export, List<String> queries) {
        return export.contexts().stream()
                .filter(context -> queries.contains(context.name()))
                .toList();
    }

    private static boolean isWildcard(String query) {
        return query.indexOf(SEPARATOR) >= 0 && query.charAt(query.length() - 1) == SEPARATOR;
    }
}
