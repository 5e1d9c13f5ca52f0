package io.nbd4j.client.internal.subprocess.socketpair;

import io.nbd4j.client.internal.logging.Loggers;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Whether libc can be called.
 *
 * @param libc what was bound, null if it could not be
 * @param reason a sentence that says why not, null if it could
 */
record LibcProbe(@Nullable Libc libc, @Nullable String reason) {
    private static final Logger LOG = Loggers.SUBPROCESS;

    /** Binds libc at the first call, and remembers what came out. */
    static LibcProbe ofThisJvm() {
        return Once.PROBE;
    }

    private static LibcProbe probe() {
        try {
            return new LibcProbe(ForeignLibc.bind(), null);
        } catch (LibcUnavailableException e) {
            LOG.trace("The C library could not be bound", e);
            return new LibcProbe(null, e.getMessage());
        }
    }

    /** Holds the probe until it is wanted. */
    private static final class Once {
        static final LibcProbe PROBE = probe();
    }
}
