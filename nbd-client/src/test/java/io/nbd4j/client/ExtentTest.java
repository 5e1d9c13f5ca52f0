package io.nbd4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExtentTest {
    @ParameterizedTest
    @CsvSource({"0, false, false, true", "1, true, false, true", "2, false, true, false", "3, true, true, false"})
    void tellsTheFactsOfBaseAllocation(long flags, boolean hole, boolean zero, boolean data) {
        Extent extent = new Extent(0, 512, flags);
        assertThat(extent.isHole()).isEqualTo(hole);
        assertThat(extent.isZero()).isEqualTo(zero);
        assertThat(extent.isData()).isEqualTo(data);
    }

    @Test
    void tellsTheFactsOfQemusContexts() {
        assertThat(new Extent(0, 512, 1).isDirty()).isTrue();
        assertThat(new Extent(0, 512, 0).isDirty()).isFalse();
        assertThat(new Extent(0, 512, 3).allocationDepth()).isEqualTo(3);
        assertThat(new Extent(0, 512, 0xffff_ffffL).allocationDepth()).isEqualTo(0xffff_ffffL);
    }

    @Test
    void tellsWhereItIs() {
        Extent extent = new Extent(512, 1024, 0);
        assertThat(extent.end()).isEqualTo(1536);
        assertThat(extent.range()).isEqualTo(NbdRange.of(512, 1024));
    }

    @ParameterizedTest
    @CsvSource({
        "0, 8192, 0, 8192",
        "1, 8191, 4096, 4096",
        "4095, 4098, 4096, 4096",
        "4096, 4095, 4096, 0",
        "1, 4094, 1, 0",
        "100, 9000, 4096, 4096",
        "4097, 4096, 4097, 0"
    })
    void roundsInward(long offset, long length, long roundedOffset, long roundedLength) {
        assertThat(new Extent(offset, length, 3).wholeBlocks(4096))
                .isEqualTo(NbdRange.of(roundedOffset, roundedLength));
    }

    @Test
    void aBlockOfOneByteRoundsNothing() {
        assertThat(new Extent(1, 3, 0).wholeBlocks(1)).isEqualTo(NbdRange.of(1, 3));
        assertThatIllegalArgumentException().isThrownBy(() -> new Extent(0, 1, 0).wholeBlocks(0));
    }

    @Test
    void aBlockStatusKnowsItsContexts() {
        // Given
        BlockStatus status = new BlockStatus(
                NbdRange.of(1000, 100), Map.of("a:b", List.of(new Extent(1000, 10, 0), new Extent(1010, 5, 1))));

        // When // Then
        assertThat(status.extents("a:b")).hasSize(2);
        assertThat(status.coveredLength("a:b")).isEqualTo(15);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> status.extents("c:d"))
                .withMessageContaining("c:d");
    }
}
