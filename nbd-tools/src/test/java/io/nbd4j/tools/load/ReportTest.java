package io.nbd4j.tools.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.nbd4j.client.CommandRefusedException;
import io.nbd4j.client.NbdRange;
import io.nbd4j.client.TlsSession;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.NbdError;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ReportTest {
    private static final Travel PIPE = new Travel("pipe", Optional.empty(), new Payload(3, 1));

    @Test
    void jsonIsOneObjectWithTheDocumentedKeys() throws IOException {
        // When
        Map<String, Object> fields = Json.parse(JsonReport.of(report(twoThousandRequests(), false)));

        // Then
        assertThat(fields.keySet())
                .containsExactly(
                        "iops",
                        "bytes_per_second",
                        "cpu_us_per_io",
                        "latency_us/min",
                        "latency_us/p50",
                        "latency_us/p90",
                        "latency_us/p99",
                        "latency_us/p99.9",
                        "latency_us/max",
                        "errors",
                        "verified",
                        "transport",
                        "bytes_received_direct_share",
                        "jdk");
        assertThat(fields)
                .containsEntry("iops", 1000.0)
                .containsEntry("bytes_per_second", 4_096_000L)
                .containsEntry("cpu_us_per_io", 500.0)
                .containsEntry("errors", 0L)
                .containsEntry("verified", 3L)
                .containsEntry("transport", "pipe")
                .containsEntry("bytes_received_direct_share", 0.75)
                .containsEntry("jdk", System.getProperty("java.version"));
        assertThat((Double) fields.get("latency_us/min")).isEqualTo(1.0);
        assertThat((Double) fields.get("latency_us/p50")).isCloseTo(1000, within(2.0));
        assertThat((Double) fields.get("latency_us/p99")).isCloseTo(1980, within(2.0));
        assertThat((Double) fields.get("latency_us/max")).isCloseTo(2000, within(2.0));
    }

    @Test
    void jsonOfNothingIsZeroes() throws IOException {
        // When
        Map<String, Object> fields = Json.parse(JsonReport.of(report(new Recorder(), false)));

        // Then
        assertThat(fields)
                .containsEntry("iops", 0.0)
                .containsEntry("cpu_us_per_io", 0.0)
                .containsEntry("latency_us/min", 0.0)
                .containsEntry("latency_us/max", 0.0);
    }

    @Test
    void saysWhatEncryptedAndNothingOfPayloadThatWasNotRead() throws IOException {
        // Given
        Travel travel = new Travel(
                "tcp",
                Optional.of(new TlsSession("openssl", "TLSv1.3", "TLS_AES_128_GCM_SHA256")),
                new Payload(5, 5).since(new Payload(5, 5)));

        // When
        LoadReport report = LoadReport.of(options(false), 1, 1, List.of(twoThousandRequests()), travel, false);

        // Then
        assertThat(Json.parse(JsonReport.of(report)))
                .containsEntry("transport", "tcp")
                .containsEntry("tls/engine", "openssl")
                .containsEntry("tls/protocol", "TLSv1.3")
                .containsEntry("tls/cipher", "TLS_AES_128_GCM_SHA256")
                .doesNotContainKey("bytes_received_direct_share");
        assertThat(TextReport.of(report)).contains(", 2 connections, tcp, TLSv1.3 by openssl, JDK ");
    }

    @Test
    void tableShowsTheFigures() {
        // When
        String table = TextReport.of(report(twoThousandRequests(), true));

        // Then
        assertThat(table.lines().map(line -> line.replaceAll(" +", " ").strip()))
                .containsExactly(
                        "randrw 4 KiB, iodepth 64, 2 connections, pipe, JDK " + System.getProperty("java.version")
                                + ", 2.0 s",
                        "IOPS 1,000",
                        "MiB/s 3.9",
                        "latency us min p50 p90 p99 p99.9 max",
                        "1.0 1,000.4 1,800.2 1,980.4 1,998.8 2,000.9",
                        "CPU us/request 500.00",
                        "errors 0",
                        "verified 3");
    }

    @Test
    void aMismatchIsAFlawAndAnError() {
        // Given
        Recorder recorder = twoThousandRequests();
        recorder.mismatch("the block at offset 0: it holds zeroes");
        recorder.mismatch("another");

        // When
        LoadReport report = report(recorder, true);

        // Then
        assertThat(report.errors()).isEqualTo(2);
        assertThat(report.flaw())
                .contains("2 of 5 blocks were not read back as they were written,"
                        + " first the block at offset 0: it holds zeroes");
    }

    @Test
    void refusedRequestsAreErrorsButNoFlawAsLongAsSomeSucceed() {
        // Given
        Recorder recorder = twoThousandRequests();
        recorder.refused(refusal(NbdError.EIO));

        // When
        LoadReport report = report(recorder, false);

        // Then
        assertThat(report.errors()).isEqualTo(1);
        assertThat(report.flaw()).isEmpty();
    }

    @Test
    void aRunWithoutSuccessIsFlawed() {
        // Given
        Recorder recorder = new Recorder();

        // Then
        assertThat(report(recorder, false).flaw()).contains("no request ended in the time that is measured");

        // When
        recorder.refused(refusal(NbdError.EIO));

        // Then
        assertThat(report(recorder, false).flaw())
                .contains("every request failed, first READ [0, 4096): refused by the server (EIO)");
    }

    @Test
    void whatAServerRefusesSinceItShutsDownIsNoErrorAfterAnInterrupt() {
        // Given
        Recorder recorder = twoThousandRequests();
        recorder.refused(refusal(NbdError.EIO));
        recorder.refused(refusal(NbdError.ESHUTDOWN));

        // Then
        assertThat(LoadReport.of(options(false), 1, 1, List.of(recorder), PIPE, true)
                        .errors())
                .isEqualTo(1);
        assertThat(LoadReport.of(options(false), 1, 1, List.of(recorder), PIPE, false)
                        .errors())
                .isEqualTo(2);
    }

    private static CommandRefusedException refusal(NbdError error) {
        return new CommandRefusedException(CommandType.READ, NbdRange.of(0, 4096), error.wire(), -1, "");
    }

    private static Recorder twoThousandRequests() {
        Recorder recorder = new Recorder();
        for (int i = 1; i <= 2000; i++) {
            recorder.measure(i * 1000L);
        }
        for (int i = 0; i < 3; i++) {
            recorder.verified();
        }
        return recorder;
    }

    private static LoadReport report(Recorder recorder, boolean verify) {
        return LoadReport.of(options(verify), 2_000_000_000L, 1_000_000_000L, List.of(recorder), PIPE, false);
    }

    private static LoadOptions options(boolean verify) {
        return LoadOptions.of(AccessPattern.RANDRW, 4096, 64, 2, 0, 2, 0, verify, false, false);
    }
}
