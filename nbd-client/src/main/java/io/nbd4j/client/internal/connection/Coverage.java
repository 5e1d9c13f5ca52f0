package io.nbd4j.client.internal.connection;

import java.util.Map;
import java.util.TreeMap;

/**
 * Which parts of a read have arrived, for a server that sends them out of order. Parts are relative to the start of the
 * read.
 */
final class Coverage {
    private final TreeMap<Long, Long> endByStart = new TreeMap<>();
    private long total;

    /** Starts with {@code [0, prefix)}. */
    Coverage(long prefix) {
        if (prefix > 0) {
            add(0, prefix);
        }
    }

    /** Adds {@code [start, end)}. Returns false, and adds nothing, if it overlaps what is there. */
    boolean add(long start, long end) {
        Map.Entry<Long, Long> before = endByStart.lowerEntry(end);
        if (before != null && before.getValue() > start) {
            return false;
        }
        total += end - start;
        long mergedStart = start;
        long mergedEnd = end;
        if (before != null && before.getValue() == start) {
            mergedStart = before.getKey();
        }
        Long next = endByStart.remove(end);
        if (next != null) {
            mergedEnd = next;
        }
        endByStart.put(mergedStart, mergedEnd);
        return true;
    }

    /** Returns how many bytes have arrived. */
    long total() {
        return total;
    }

    /** Returns how many ranges have arrived that do not touch. */
    int ranges() {
        return endByStart.size();
    }
}
