package io.nbd4j.tools.load;

import io.nbd4j.tools.Terminal;
import java.util.List;
import java.util.Locale;

/** The line that a person watches while a test runs: the phase, the time, and the current speed. */
final class Progress {
    private static final double NANOS_PER_SECOND = 1e9;

    private final Terminal terminal;
    private final List<Recorder> recorders;
    private final long startNanos;
    private long lastNanos;
    private long lastEnded;

    Progress(Terminal terminal, List<Recorder> recorders, long now) {
        this.terminal = terminal;
        this.recorders = recorders;
        this.startNanos = now;
        this.lastNanos = now;
    }

    /** Shows what happened since the last call. */
    void show(String phase, long now) {
        long ended = recorders.stream().mapToLong(Recorder::ended).sum();
        double iops = (ended - lastEnded) * NANOS_PER_SECOND / Math.max(1, now - lastNanos);
        lastEnded = ended;
        lastNanos = now;
        terminal.show(String.format(
                Locale.ROOT, "%s  %.0f s  %,.0f IOPS", phase, (now - startNanos) / NANOS_PER_SECOND, iops));
    }

    /** Takes the line away. */
    void end() {
        terminal.clear();
    }
}
