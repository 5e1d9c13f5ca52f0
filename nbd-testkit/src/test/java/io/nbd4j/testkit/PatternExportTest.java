package io.nbd4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.codec.golden.WireBytes;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class PatternExportTest {
    @Test
    void eachEightBytesHoldTheirOffset() throws ExportException {
        // Given
        PatternExport export = PatternExport.ofSize(Long.MAX_VALUE);

        // When // Then
        assertThat(MemoryExportTest.read(export, 0, 24))
                .isEqualTo(WireBytes.parse("0000000000000000 0000000000000008 0000000000000010"));
        assertThat(MemoryExportTest.read(export, 0x0102_0304_0506_0708L, 8))
                .isEqualTo(WireBytes.parse("0102030405060708"));
    }

    @Test
    void aReadMayBeginAndEndAnywhere() throws ExportException {
        // Given
        PatternExport export = PatternExport.ofSize(1 << 20);
        byte[] whole = MemoryExportTest.read(export, 0x1_0200, 64);

        // When // Then
        for (int from = 0; from < 24; from++) {
            for (int length = 1; length < 32; length++) {
                assertThat(MemoryExportTest.read(export, 0x1_0200 + from, length))
                        .isEqualTo(Arrays.copyOfRange(whole, from, from + length));
            }
        }
    }
}
