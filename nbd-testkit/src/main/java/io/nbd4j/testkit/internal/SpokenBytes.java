package io.nbd4j.testkit.internal;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * What two sides have said to each other so far, in turns, for the message of a failure. Bounded: of each turn the first
 * bytes are kept, of all turns the last ones. Not thread-safe.
 */
public final class SpokenBytes {
    private static final int MAX_TURNS = 200;
    private static final int MAX_BYTES = 256;

    private final List<Turn> turns = new ArrayList<>();
    private int forgotten;

    private static final class Turn {
        final String speaker;
        final ByteArrayOutputStream first = new ByteArrayOutputStream();
        long count;

        Turn(String speaker) {
            this.speaker = speaker;
        }
    }

    /** Creates an empty record. */
    public SpokenBytes() {}

    /** Adds what {@code speaker} said; a speaker who goes on stays in the same turn. */
    public void said(String speaker, byte[] bytes, int length) {
        Turn last = turns.isEmpty() ? null : turns.get(turns.size() - 1);
        if (last == null || !last.speaker.equals(speaker)) {
            last = new Turn(speaker);
            add(last);
        }
        last.first.write(bytes, 0, Math.min(length, MAX_BYTES - last.first.size()));
        last.count += length;
    }

    /** Adds something that happened. */
    public void happened(String event) {
        add(new Turn(event));
    }

    private void add(Turn turn) {
        if (turns.size() == MAX_TURNS) {
            turns.remove(0);
            forgotten++;
        }
        turns.add(turn);
    }

    /** Returns a line for each turn. */
    @Override
    public String toString() {
        StringBuilder lines = new StringBuilder();
        if (forgotten > 0) {
            lines.append("  (").append(forgotten).append(" turns before)\n");
        }
        for (Turn turn : turns) {
            lines.append("  ").append(turn.speaker);
            if (turn.count > 0) {
                byte[] first = turn.first.toByteArray();
                lines.append(": ").append(HexText.show(first, MAX_BYTES));
                if (turn.count > first.length) {
                    lines.append(" ... (").append(turn.count).append(" bytes)");
                }
            }
            lines.append('\n');
        }
        return lines.isEmpty() ? "  nothing\n" : lines.toString();
    }
}
