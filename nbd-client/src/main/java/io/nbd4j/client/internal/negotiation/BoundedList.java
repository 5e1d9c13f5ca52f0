package io.nbd4j.client.internal.negotiation;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a server lists. It grows at its end, in constant time and without a change to the shorter one: phases are values.
 *
 * <p>No record: its members would be compared and printed to any depth.
 */
final class BoundedList<E> {
    private final int maxEntries;
    private final long maxCharacters;
    private final @Nullable Link<E> last;
    private final int count;
    private final long characters;

    private record Link<E>(@Nullable Link<E> before, E entry) {}

    private BoundedList(int maxEntries, long maxCharacters, @Nullable Link<E> last, int count, long characters) {
        this.maxEntries = maxEntries;
        this.maxCharacters = maxCharacters;
        this.last = last;
        this.count = count;
        this.characters = characters;
    }

    /**
     * Returns a list without entries.
     *
     * @param maxEntries the most entries that are accepted from a server
     * @param maxCharacters the most characters that they may have together
     */
    static <E> BoundedList<E> empty(int maxEntries, long maxCharacters) {
        return new BoundedList<>(maxEntries, maxCharacters, null, 0, 0);
    }

    /** Returns the list with one entry more, of so many characters. */
    BoundedList<E> with(E entry, long length) {
        return new BoundedList<>(maxEntries, maxCharacters, new Link<>(last, entry), count + 1, characters + length);
    }

    int count() {
        return count;
    }

    boolean isTooLong() {
        return count > maxEntries || characters > maxCharacters;
    }

    List<E> toList() {
        List<E> entries = new ArrayList<>(count);
        for (Link<E> link = last; link != null; link = link.before()) {
            entries.add(link.entry());
        }
        Collections.reverse(entries);
        return List.copyOf(entries);
    }

    @Override
    public String toString() {
        return count + " entries";
    }
}
