package io.nbd4j.tools.scale;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.Optional;

/** The limit on open files of this process; that of the server, which it starts, is the same. */
final class Descriptors {
    /** What either process may open besides. */
    private static final long OTHERS = 64;

    private Descriptors() {}

    /** Returns why there can't be so many connections; empty if there can. */
    static Optional<String> obstacle(int connections) {
        if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix) {
            return obstacle(connections, unix.getOpenFileDescriptorCount(), unix.getMaxFileDescriptorCount());
        }
        return Optional.empty();
    }

    /** Does the same for a process that has {@code open} of at most {@code limit} files open. */
    static Optional<String> obstacle(int connections, long open, long limit) {
        long needed = connections + open + OTHERS;
        return needed <= limit
                ? Optional.empty()
                : Optional.of(String.format(
                        Locale.ROOT, "needs %,d open files, where the limit is %,d (ulimit -Hn)", needed, limit));
    }
}
