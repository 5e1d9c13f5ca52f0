package io.nbd4j.client;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the server says about the blocks of a range, see {@link NbdDevice#blockStatus}.
 *
 * <p>For each context the extents begin at the start of the range, follow each other without a gap, and have neighbours of
 * another status. They are cut off at the end of the range. A server may tell less than it was asked for, but tells at least
 * something: {@link #coveredLength} says how much, which may differ between contexts.
 *
 * @param range what was asked about
 * @param extents by the name of their context, in the order of {@link ExportInfo#metaContexts}; immutable. Each list has at
 *     least one extent
 */
public record BlockStatus(NbdRange range, Map<String, List<Extent>> extents) {
    /** Copies the map, not the lists, which are immutable already if the library made them. */
    public BlockStatus {
        extents = Collections.unmodifiableMap(new LinkedHashMap<>(extents));
    }

    /**
     * Returns the extents of a context.
     *
     * @param context its name, such as {@link MetaContext#BASE_ALLOCATION}
     * @throws IllegalArgumentException if it was not asked about
     */
    public List<Extent> extents(String context) {
        List<Extent> found = extents.get(context);
        if (found == null) {
            throw new IllegalArgumentException("not among the contexts that were asked about: " + context);
        }
        return found;
    }

    /**
     * Returns how many bytes from the start of the range on are known in a context: at least 1, at most the length of the
     * range.
     *
     * @throws IllegalArgumentException if it was not asked about
     */
    public long coveredLength(String context) {
        List<Extent> found = extents(context);
        return found.isEmpty() ? 0 : found.get(found.size() - 1).end() - range.offset();
    }
}
