package io.nbd4j.tools.load;

import io.nbd4j.tools.ErrorLine;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.HdrHistogram.Histogram;

/**
 * What was measured.
 *
 * @param elapsedNanos how long was measured, without the warm-up
 * @param latency of the requests that succeeded in this time, in nanoseconds; their number is the number of operations
 * @param cpuNanos CPU time of the whole process in this time
 * @param errors requests that failed, and blocks that were not read back as they were written
 * @param verified blocks that were
 * @param transport how the bytes travelled
 * @param jdk the version of Java
 * @param flaw why the test counts as failed although it came to its end
 */
record LoadReport(
        LoadOptions options,
        long elapsedNanos,
        Histogram latency,
        long cpuNanos,
        long errors,
        long verified,
        String transport,
        String jdk,
        Optional<String> flaw) {
    private static final double NANOS_PER_SECOND = 1e9;
    private static final double NANOS_PER_MICRO = 1e3;

    /** Sums up what the connections counted. */
    static LoadReport of(
            LoadOptions options, long elapsedNanos, long cpuNanos, List<Recorder> recorders, String transport) {
        Histogram latency = Recorder.newHistogram();
        recorders.forEach(r -> latency.add(r.latency()));
        long refused = recorders.stream().mapToLong(Recorder::errors).sum();
        long mismatches = recorders.stream().mapToLong(Recorder::mismatches).sum();
        long verified = recorders.stream().mapToLong(Recorder::verifiedCount).sum();
        return new LoadReport(
                options,
                elapsedNanos,
                latency,
                cpuNanos,
                refused + mismatches,
                verified,
                transport,
                System.getProperty("java.version"),
                flaw(recorders, latency.getTotalCount(), mismatches, verified));
    }

    private static Optional<String> flaw(List<Recorder> recorders, long operations, long mismatches, long verified) {
        if (mismatches > 0) {
            return Optional.of(mismatches + " of " + (mismatches + verified)
                    + " blocks were not read back as they were written, first "
                    + recorders.stream()
                            .map(Recorder::firstMismatch)
                            .filter(Objects::nonNull)
                            .findFirst()
                            .orElseThrow());
        }
        if (operations > 0) {
            return Optional.empty();
        }
        List<Throwable> errors = recorders.stream()
                .map(Recorder::firstError)
                .filter(Objects::nonNull)
                .toList();
        return Optional.of(
                errors.isEmpty()
                        ? "no request ended in the time that is measured"
                        : "every request failed, first " + ErrorLine.of(errors.get(0)));
    }

    long operations() {
        return latency.getTotalCount();
    }

    double iops() {
        return elapsedNanos == 0 ? 0 : operations() * NANOS_PER_SECOND / elapsedNanos;
    }

    double bytesPerSecond() {
        return iops() * options.blockSize();
    }

    double cpuMicrosPerRequest() {
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
