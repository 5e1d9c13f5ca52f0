package io.nbd4j.tools.load;

import io.nbd4j.client.CommandRefusedException;
import io.nbd4j.codec.NbdError;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * What the connections of one thread that issues requests counted. Written there only, read by others when the connections have finished; but
 * for {@link #ended()}, which is there to be watched.
 */
final class Recorder {
    private static final long HIGHEST_NANOS = 3_600_000_000_000L;
    private static final int SIGNIFICANT_DIGITS = 3;
    private static final VarHandle ENDED;

    static {
        try {
            ENDED = MethodHandles.lookup().findVarHandle(Recorder.class, "ended", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Histogram latency = newHistogram();
    private long ended;
    private long refused;
    private long refusedAtShutdown;
    private long verified;
    private long mismatches;
    private @Nullable String firstMismatch;
    private @Nullable CommandRefusedException firstRefusal;

    /** Returns a histogram of nanoseconds, up to an hour, with three digits. */
    static Histogram newHistogram() {
        return new Histogram(HIGHEST_NANOS, SIGNIFICANT_DIGITS);
    }

    /** Counts a request that ended, measured or not. */
    void count() {
        ENDED.setOpaque(this, ended + 1);
    }

    /** Counts the time that a measured request took. */
    void measure(long nanos) {
        latency.recordValue(Math.min(Math.max(nanos, 0), HIGHEST_NANOS));
    }

    /** Counts a request that the server refused. */
    void refused(CommandRefusedException cause) {
        if (cause.errno() == NbdError.ESHUTDOWN) {
            refusedAtShutdown++;
        } else {
            refused++;
        }
        if (firstRefusal == null) {
            firstRefusal = cause;
        }
    }

    /** Counts a block that was read back as it was written. */
    void verified() {
        verified++;
    }

    /** Counts a block that was not. */
    void mismatch(String description) {
        mismatches++;
        if (firstMismatch == null) {
            firstMismatch = description;
        }
    }

    /** Returns how many requests have ended so far. May be called from any thread. */
    long ended() {
        return (long) ENDED.getOpaque(this);
    }

    Histogram latency() {
        return latency;
    }

    /** Returns how many requests were refused, but for those that {@link #refusedAtShutdown} counts. */
    long refused() {
        return refused;
    }

    /** Returns how many requests were refused since the server shuts down (ESHUTDOWN). */
    long refusedAtShutdown() {
        return refusedAtShutdown;
    }

    long verifiedCount() {
        return verified;
    }

    long mismatches() {
        return mismatches;
    }

    @Nullable
    String firstMismatch() {
        return firstMismatch;
    }

    @Nullable
    CommandRefusedException firstRefusal() {
        return firstRefusal;
    }
}
