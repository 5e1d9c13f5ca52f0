package io.nbd4j.client.internal.connection;

import io.nbd4j.client.StrictCheck;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/** Which checks are on, for all that one handle sends. Any thread may change it at any time: each command reads it once. */
public final class StrictMode {
    private volatile int bits;

    /** Creates the mode with some checks. */
    public StrictMode(Set<StrictCheck> checks) {
        set(checks);
    }

    /** Replaces the checks. */
    public void set(Set<StrictCheck> checks) {
        int all = 0;
        for (StrictCheck check : checks) {
            all |= check.bit();
        }
        bits = all;
    }

    /** Returns the checks that are on. */
    public Set<StrictCheck> get() {
        int now = bits;
        EnumSet<StrictCheck> checks = EnumSet.noneOf(StrictCheck.class);
        for (StrictCheck check : StrictCheck.values()) {
            if (has(now, check)) {
                checks.add(check);
            }
        }
        return Collections.unmodifiableSet(checks);
    }

    /** Returns the checks as a number, for {@link #has}. */
    int bits() {
        return bits;
    }

    static boolean has(int bits, StrictCheck check) {
        return (bits & check.bit()) != 0;
    }
}
