package io.nbd4j.tools.load;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.nbd4j.client.TlsSession;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.OptionalDouble;

/** The report as one JSON object, for a program. */
final class JsonReport {
    private JsonReport() {}

    static String of(LoadReport report) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
            json.writeStartObject();
            json.writeNumberField("iops", rounded(report.iops()));
            json.writeNumberField("bytes_per_second", Math.round(report.bytesPerSecond()));
            json.writeNumberField("cpu_us_per_io", rounded(report.cpuMicrosPerRequest()));
            json.writeObjectFieldStart("latency_us");
            json.writeNumberField("min", rounded(report.minimumMicros()));
            json.writeNumberField("p50", rounded(report.percentileMicros(50)));
            json.writeNumberField("p90", rounded(report.percentileMicros(90)));
            json.writeNumberField("p99", rounded(report.percentileMicros(99)));
            json.writeNumberField("p99.9", rounded(report.percentileMicros(99.9)));
            json.writeNumberField("max", rounded(report.maximumMicros()));
            json.writeEndObject();
            json.writeNumberField("errors", report.errors());
            json.writeNumberField("verified", report.verified());
            json.writeStringField("transport", report.travel().transport());
            writeTls(json, report.travel().tls());
            OptionalDouble share = report.travel().received().directShare();
            if (share.isPresent()) {
                json.writeNumberField("bytes_received_direct_share", rounded(share.getAsDouble()));
            }
            json.writeStringField("jdk", report.jdk());
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException("a string can't fail to be written", e);
        }
        return text.toString();
    }

    private static void writeTls(JsonGenerator json, Optional<TlsSession> tls) throws IOException {
        if (tls.isPresent()) {
            json.writeObjectFieldStart("tls");
            json.writeStringField("engine", tls.get().engine());
            json.writeStringField("protocol", tls.get().protocol());
            json.writeStringField("cipher", tls.get().cipherSuite());
            json.writeEndObject();
        }
    }

    /** Returns the object that stands in the place of a report. */
    static String ofFailure(String message) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
            json.writeStartObject();
            json.writeStringField("error", message);
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException("a string can't fail to be written", e);
        }
        return text.toString();
    }

    // More digits than these were not measured.
    private static double rounded(double value) {
        return Math.round(value * 1000) / 1000.0;
    }
}
