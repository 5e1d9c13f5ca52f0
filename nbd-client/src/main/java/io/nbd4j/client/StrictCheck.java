package io.nbd4j.client;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * The checks that a client makes before it sends a command, as libnbd's strict mode has them. All are on by default; see
 * {@link NbdClientBuilder#strictMode} and {@link NbdClient#strictMode(Set)}.
 *
 * <p>With a check off, what it would refuse is sent, and the server decides. That is for tests of servers: a server need not
 * be ready for it, may answer with any error, and may close the connection. Whatever it answers, the connection takes no harm
 * that the server does not do to it.
 *
 * <p>The checks are made in this order: flags, then what the server advertises, zero length, bounds, alignment. What can't be
 * put on the wire is refused in any case (EINVAL): flags beyond 16 bits, and a negative length.
 */
public enum StrictCheck {
    /**
     * A command or a flag that the server does not advertise is refused: EINVAL, or EPERM for what writes to a read-only
     * export. So is a {@code PAYLOAD_LEN} that does not fit the form of the requests, if {@link #AUTO_FLAG} is off.
     */
    COMMANDS(1),
    /** A flag that the command does not have is refused (EINVAL). */
    FLAGS(1 << 1),
    /** A range that is not within the export is refused: ENOSPC for what writes, EINVAL for the others. */
    BOUNDS(1 << 2),
    /** A length of zero is refused (EINVAL). A flush has none. */
    ZERO_SIZE(1 << 3),
    /** A range whose ends are not multiples of the minimum block is refused (EINVAL), if the server advertises one. */
    ALIGN(1 << 4),
    /**
     * A read, a write or a cache that is longer than the server takes at once is split. With this off it is split at 64 MiB
     * only, and a cache like a trim, whatever the server advertises.
     */
    PAYLOAD(1 << 5),
    /**
     * The library sets {@code PAYLOAD_LEN} on writes as the form of the requests has it, whatever the caller says. With this
     * off it is sent as the caller says.
     */
    AUTO_FLAG(1 << 6);

    private final int bit;

    StrictCheck(int bit) {
        this.bit = bit;
    }

    /** Returns the bit that libnbd has for this check. */
    public int bit() {
        return bit;
    }

    /** Returns all checks: the default. */
    public static Set<StrictCheck> all() {
        return Collections.unmodifiableSet(EnumSet.allOf(StrictCheck.class));
    }

    /** Returns all checks but some. */
    public static Set<StrictCheck> allBut(StrictCheck first, StrictCheck... others) {
        return Collections.unmodifiableSet(EnumSet.complementOf(EnumSet.of(first, others)));
    }
}
