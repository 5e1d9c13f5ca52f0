package io.nbd4j.tools.load;

import io.nbd4j.tools.ErrorLine;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * What was measured.
 *
 * @param elapsedNanos how long was measured, without the warm-up
 * @param latency of the requests that succeeded in this time, in nanoseconds; their number is the number of operations
 * @param cpuNanos CPU time of the whole process in this time
 * @param errors requests that failed, and blocks that were not read back as they were written
 * @param verified blocks that were
 * @param travel how the bytes travelled
 * @param jdk the version of Java
 * @param flaw why the test counts as failed although it came to its end
 */
public record LoadReport(
        LoadOptions options,
        long elapsedNanos,
        Histogram latency,
        long cpuNanos,
        long errors,
        long verified,
        Travel travel,
        String jdk,
        Optional<String> flaw) {
    private static final double NANOS_PER_SECOND = 1e9;
    private static final double NANOS_PER_MICRO = 1e3;

    /**
     * Sums up what the connections counted.
     *
     * @param interrupted whether Ctrl-C ended the test, which makes a server shut down that is on the same terminal
     */
    static LoadReport of(
            LoadOptions options,
            long elapsedNanos,
            long cpuNanos,
            List<Recorder> recorders,
            Travel travel,
            boolean interrupted) {
        Histogram latency = Recorder.newHistogram();
        recorders.forEach(r -> latency.add(r.latency()));
        long refused =
                sum(recorders, Recorder::refused) + (interrupted ? 0 : sum(recorders, Recorder::refusedAtShutdown));
        long mismatches = sum(recorders, Recorder::mismatches);
        long verified = sum(recorders, Recorder::verifiedCount);
        return new LoadReport(
                options,
                elapsedNanos,
                latency,
                cpuNanos,
                refused + mismatches,
                verified,
                travel,
                System.getProperty("java.version"),
                flaw(recorders, latency.getTotalCount(), mismatches, verified));
    }

    private static Optional<String> flaw(List<Recorder> recorders, long operations, long mismatches, long verified) {
        if (mismatches > 0) {
            return first(recorders, Recorder::firstMismatch)
                    .map(description -> mismatches + " of " + (mismatches + verified)
                            + " blocks were not read back as they were written, first " + description);
        }
        if (operations > 0) {
            return Optional.empty();
        }
        return Optional.of(first(recorders, Recorder::firstRefusal)
                .map(refusal -> "every request failed, first " + ErrorLine.of(refusal))
                .orElse("no request ended in the time that is measured"));
    }

    private static long sum(List<Recorder> recorders, ToLongFunction<Recorder> count) {
        return recorders.stream().mapToLong(count).sum();
    }

    private static <T> Optional<T> first(List<Recorder> recorders, Function<Recorder, @Nullable T> what) {
        return recorders.stream().map(what).filter(Objects::nonNull).findFirst();
    }

    long operations() {
        return latency.getTotalCount();
    }

    /** Returns the requests that succeeded in a second. */
    public double iops() {
        return elapsedNanos == 0 ? 0 : operations() * NANOS_PER_SECOND / elapsedNanos;
    }

    double bytesPerSecond() {
        return iops() * options.blockSize();
    }

    /** Returns the CPU time of the whole process for each of them, in microseconds. */
    public double cpuMicrosPerRequest() {
        return operations() == 0 ? 0 : cpuNanos / NANOS_PER_MICRO / operations();
    }

    double minimumMicros() {
        // An empty histogram says Long.MAX_VALUE.
        return operations() == 0 ? 0 : latency.getMinValue() / NANOS_PER_MICRO;
    }

    double maximumMicros() {
        return latency.getMaxValue() / NANOS_PER_MICRO;
    }

    double percentileMicros(double percentile) {
        return latency.getValueAtPercentile(percentile) / NANOS_PER_MICRO;
    }
}
