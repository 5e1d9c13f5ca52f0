package io.nbd4j.client.internal.negotiation;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A list of exports that grows at its end, in constant time and without a change to the shorter one: phases are values.
 *
 * <p>No record: its members would be compared and printed to any depth.
 */
final class ExportList {
    /** The most exports that are accepted from a server. */
    static final int MAX_ENTRIES = 100_000;
    /** The most characters that their names and descriptions may have together. */
    static final long MAX_CHARACTERS = 64L * 1024 * 1024;

    static final ExportList EMPTY = new ExportList(null, 0, 0);

    private final @Nullable Link last;
    private final int count;
    private final long characters;

    private record Link(@Nullable Link before, ExportEntry entry) {}

    private ExportList(@Nullable Link last, int count, long characters) {
        this.last = last;
        this.count = count;
        this.characters = characters;
    }

    ExportList with(ExportEntry entry) {
        long length = (long) entry.name().length() + entry.description().length();
        return new ExportList(new Link(last, entry), count + 1, characters + length);
    }

    int count() {
        return count;
    }

    boolean isTooLong() {
        return count > MAX_ENTRIES || characters > MAX_CHARACTERS;
    }

    List<ExportEntry> toList() {
        ExportEntry[] entries = new ExportEntry[count];
        int index = count;
        for (Link link = last; link != null; link = link.before()) {
            entries[--index] = link.entry();
        }
        return List.of(entries);
    }

    @Override
    public String toString() {
        return count + " exports";
    }
}
