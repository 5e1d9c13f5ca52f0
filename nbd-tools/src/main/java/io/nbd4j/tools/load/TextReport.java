package io.nbd4j.tools.load;

import java.util.Locale;

/** The report as a table, for a person. */
final class TextReport {
    private static final double MEBIBYTE = 1 << 20;

    private TextReport() {}

    static String of(LoadReport report) {
        StringBuilder table = new StringBuilder(512);
        table.append(title(report)).append('\n');
        row(table, "IOPS", "%,.0f", report.iops());
        row(table, "MiB/s", "%,.1f", report.bytesPerSecond() / MEBIBYTE);
        table.append(latency(report)).append('\n');
        row(table, "CPU us/request", "%,.2f", report.cpuMicrosPerRequest());
        row(table, "errors", "%,d", report.errors());
        if (report.options().verify()) {
            row(table, "verified", "%,d", report.verified());
        }
        return table.toString().stripTrailing();
    }

    private static String title(LoadReport report) {
        LoadOptions options = report.options();
        return String.format(
                Locale.ROOT,
                "%s %s, iodepth %d, %s%s%s, %s, JDK %s, %.1f s",
                options.pattern(),
                size(options.blockSize()),
                options.depth(),
                options.connections() == 1 ? "1 connection" : options.connections() + " connections",
                options.isOpenLoop() ? ", rate " + options.rate() + "/s" : "",
                options.offLoop() ? ", off the event loop" : "",
                path(report.travel()),
                report.jdk(),
                report.elapsedNanos() / 1e9);
    }

    private static String path(Travel travel) {
        return travel.tls()
                .map(tls -> travel.transport() + ", " + tls.protocol() + " by " + tls.engine())
                .orElse(travel.transport());
    }

    private static String size(int bytes) {
        if (bytes % (1 << 20) == 0) {
            return (bytes >> 20) + " MiB";
        }
        return bytes % (1 << 10) == 0 ? (bytes >> 10) + " KiB" : bytes + " B";
    }

    private static void row(StringBuilder table, String name, String format, Object value) {
        table.append(String.format(Locale.ROOT, "%-14s %12s%n", name, String.format(Locale.ROOT, format, value)));
    }

    private static String latency(LoadReport report) {
        return String.format(
                Locale.ROOT,
                "%-14s %12s %10s %10s %10s %10s %10s%n%14s %,12.1f %,10.1f %,10.1f %,10.1f %,10.1f %,10.1f",
                "latency us",
                "min",
                "p50",
                "p90",
                "p99",
                "p99.9",
                "max",
                "",
                report.minimumMicros(),
                report.percentileMicros(50),
                report.percentileMicros(90),
                report.percentileMicros(99),
                report.percentileMicros(99.9),
                report.maximumMicros());
    }
}
