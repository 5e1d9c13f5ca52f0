package io.nbd4j.tools.load;

import java.util.OptionalDouble;

/**
 * Bytes that were read.
 *
 * @param direct those that the kernel wrote straight into the buffer of their destination
 * @param copied those that were copied there
 */
record Payload(long direct, long copied) {
    /** Returns what has come since {@code earlier}. */
    Payload since(Payload earlier) {
        return new Payload(direct - earlier.direct, copied - earlier.copied);
    }

    /** Returns the direct share, 0 to 1; empty if nothing was read. */
    OptionalDouble directShare() {
        long all = direct + copied;
        return all == 0 ? OptionalDouble.empty() : OptionalDouble.of((double) direct / all);
    }
}
