package io.nbd4j.tools.scale;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.tools.load.Json;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ScaleReportTest {
    private static final ScaleRow TEN =
            new ScaleRow.Measured(10, new Memory(36_864, 4 << 20, 10_240), 3 << 20, 640 << 10, 123_456.7891, 1.25);
    private static final ScaleRow TOO_MANY = new ScaleRow.LeftOut(10_000, "needs 10,100 open files");
    private static final QueuedRequests.Report QUEUED = new QueuedRequests.Report(
            1000,
            100_000_000,
            500_000_000,
            new Memory(1 << 20, 2 << 20, 0),
            new Memory(3 << 20, 4 << 20, 0),
            new Memory(5 << 20, 6 << 20, 0));

    @Test
    void theTableHasARowForEachNumberOfConnections() {
        assertThat(report(Optional.of(QUEUED)).toMarkdown().lines())
                .containsExactly(
                        "randread 512 bytes, iodepth 16, 2 event loops, JDK 17.0.1, 5.0 s after 3.0 s",
                        "",
                        "| connections | heap KiB each, idle | direct KiB each, idle | direct MiB under load | of it the"
                                + " test's buffers | IOPS | CPU us/request |",
                        "| --- | --- | --- | --- | --- | --- | --- |",
                        "| 10 | 3.6 | 1.0 | 3.0 | 0.6 | 123,457 | 1.25 |",
                        "| 10,000 | needs 10,100 open files | | | | | |",
                        "",
                        "1,000 requests queued on one connection in 0.100 s, all answered after 0.500 s (2,000 IOPS);"
                                + " heap 1.0 MiB before, 3.0 at most, 5.0 after; direct 2.0 MiB before, 4.0 at most,"
                                + " 6.0 after");
    }

    @Test
    void theObjectHasBytesAndPlainNumbers() throws IOException {
        // When
        Map<String, Object> fields = Json.parse(report(Optional.of(QUEUED)).toJson());

        // Then
        assertThat(fields)
                .containsEntry("bs", 512L)
                .containsEntry("iodepth", 16L)
                .containsEntry("event_loops", 2L)
                .containsEntry("jdk", "17.0.1")
                .containsEntry("rows/0/connections", 10L)
                .containsEntry("rows/0/idle_heap_bytes", 36_864L)
                .containsEntry("rows/0/idle_direct_bytes", 10_240L)
                .containsEntry("rows/0/loaded_direct_bytes", 3L << 20)
                .containsEntry("rows/0/buffer_bytes", 640L << 10)
                .containsEntry("rows/0/iops", 123_456.789)
                .containsEntry("rows/0/cpu_us_per_io", 1.25)
                .containsEntry("rows/1/connections", 10_000L)
                .containsEntry("rows/1/left_out", "needs 10,100 open files")
                .containsEntry("queued/requests", 1000L)
                .containsEntry("queued/submit_seconds", 0.1)
                .containsEntry("queued/seconds", 0.5)
                .containsEntry("queued/before/heap_bytes", 1L << 20)
                .containsEntry("queued/peak/direct_bytes", 4L << 20)
                .containsEntry("queued/after/direct_bytes", 6L << 20);
    }

    @Test
    void whatWasNotQueuedIsLeftOut() throws IOException {
        assertThat(Json.parse(report(Optional.empty()).toJson())).doesNotContainKey("queued/requests");
        assertThat(report(Optional.empty()).toMarkdown()).doesNotContain("queued");
    }

    private static ScaleReport report(Optional<QueuedRequests.Report> queued) {
        return new ScaleReport(
                ScaleOptions.of(List.of(10, 10_000), 512, 2, 16, 5, 3, 0), List.of(TEN, TOO_MANY), queued, "17.0.1");
    }
}
