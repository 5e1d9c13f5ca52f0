package io.nbd4j.tools.scale;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What was measured.
 *
 * @param queued empty if that was not wanted, or not reached
 * @param jdk the version of Java
 */
record ScaleReport(ScaleOptions options, List<ScaleRow> rows, Optional<QueuedRequests.Report> queued, String jdk) {
    private static final double KIBI = 1 << 10;
    private static final double MEBI = 1 << 20;
    private static final double NANOS_PER_SECOND = 1e9;

    ScaleReport {
        rows = List.copyOf(rows);
    }

    /** Returns whether a row was tried and failed. */
    boolean hasFailed() {
        return rows.stream().anyMatch(ScaleRow.Failed.class::isInstance);
    }

    /** Returns the report as a table in Markdown. */
    String toMarkdown() {
        StringBuilder text = new StringBuilder(1024);
        line(
                text,
                "randread %,d bytes, iodepth %d, %d event loops, JDK %s, %.1f s after %.1f s",
                options.blockSize(),
                options.depth(),
                options.eventLoops(),
                jdk,
                options.runtimeSeconds(),
                options.warmupSeconds());
        line(text, "");
        line(
                text,
                "| connections | heap KiB each, idle | direct KiB each, idle | direct MiB under load | of it the"
                        + " test's buffers | IOPS | CPU us/request |");
        line(text, "| --- | --- | --- | --- | --- | --- | --- |");
        rows.forEach(row -> line(text, "%s", toMarkdown(row)));
        queued.ifPresent(q -> {
            line(text, "");
            line(text, "%s", toMarkdown(q));
        });
        return text.toString().stripTrailing();
    }

    private static void line(StringBuilder text, String format, Object... values) {
        text.append(String.format(Locale.ROOT, format, values)).append(System.lineSeparator());
    }

    private static String toMarkdown(ScaleRow row) {
        if (row instanceof ScaleRow.Measured measured) {
            return String.format(
                    Locale.ROOT,
                    "| %,d | %,.1f | %,.1f | %,.1f | %,.1f | %,.0f | %.2f |",
                    measured.connections(),
                    measured.heapPerConnection() / KIBI,
                    measured.directPerConnection() / KIBI,
                    measured.loadedDirect() / MEBI,
                    measured.buffers() / MEBI,
                    measured.iops(),
                    measured.cpuMicros());
        }
        String reason = row instanceof ScaleRow.LeftOut leftOut ? leftOut.reason() : ((ScaleRow.Failed) row).reason();
        return String.format(Locale.ROOT, "| %,d | %s | | | | | |", row.connections(), reason);
    }

    private static String toMarkdown(QueuedRequests.Report queued) {
        return String.format(
                Locale.ROOT,
                "%,d requests queued on one connection in %.3f s, all answered after %.3f s (%,.0f IOPS); heap %,.1f MiB"
                        + " before, %,.1f at most, %,.1f after; direct %,.1f MiB before, %,.1f at most, %,.1f after",
                queued.requests(),
                queued.submitNanos() / NANOS_PER_SECOND,
                queued.nanos() / NANOS_PER_SECOND,
                queued.requests() * NANOS_PER_SECOND / queued.nanos(),
                queued.before().heap() / MEBI,
                queued.peak().heap() / MEBI,
                queued.after().heap() / MEBI,
                queued.before().direct() / MEBI,
                queued.peak().direct() / MEBI,
                queued.after().direct() / MEBI);
    }

    /** Returns the report as one JSON object. */
    String toJson() {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
            json.writeStartObject();
            json.writeNumberField("bs", options.blockSize());
            json.writeNumberField("iodepth", options.depth());
            json.writeNumberField("event_loops", options.eventLoops());
            json.writeStringField("jdk", jdk);
            json.writeArrayFieldStart("rows");
            for (ScaleRow row : rows) {
                write(json, row);
            }
            json.writeEndArray();
            if (queued.isPresent()) {
                write(json, queued.get());
            }
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException("a string can't fail to be written", e);
        }
        return text.toString();
    }

    private static void write(JsonGenerator json, ScaleRow row) throws IOException {
        json.writeStartObject();
        json.writeNumberField("connections", row.connections());
        if (row instanceof ScaleRow.Measured measured) {
            json.writeNumberField("idle_heap_bytes", measured.idle().heap());
            json.writeNumberField("idle_direct_bytes", measured.idle().directInUse());
            json.writeNumberField("loaded_direct_bytes", measured.loadedDirect());
            json.writeNumberField("buffer_bytes", measured.buffers());
            json.writeNumberField("iops", rounded(measured.iops()));
            json.writeNumberField("cpu_us_per_io", rounded(measured.cpuMicros()));
        } else if (row instanceof ScaleRow.LeftOut leftOut) {
            json.writeStringField("left_out", leftOut.reason());
        } else if (row instanceof ScaleRow.Failed failed) {
            json.writeStringField("error", failed.reason());
        }
        json.writeEndObject();
    }

    private static void write(JsonGenerator json, QueuedRequests.Report queued) throws IOException {
        json.writeObjectFieldStart("queued");
        json.writeNumberField("requests", queued.requests());
        json.writeNumberField("submit_seconds", queued.submitNanos() / NANOS_PER_SECOND);
        json.writeNumberField("seconds", queued.nanos() / NANOS_PER_SECOND);
        write(json, "before", queued.before());
        write(json, "peak", queued.peak());
        write(json, "after", queued.after());
        json.writeEndObject();
    }

    private static void write(JsonGenerator json, String name, Memory memory) throws IOException {
        json.writeObjectFieldStart(name);
        json.writeNumberField("heap_bytes", memory.heap());
        json.writeNumberField("direct_bytes", memory.direct());
        json.writeEndObject();
    }

    // More digits than these were not measured.
    private static double rounded(double value) {
        return Math.round(value * 1000) / 1000.0;
    }
}
