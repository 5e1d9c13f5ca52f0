package io.nbd4j.client.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CoverageTest {
    @ParameterizedTest
    @CsvSource({
        "0, 10, true", "40, 50, true", "10, 20, false", "0, 11, false", "19, 21, false", "12, 13, false",
        "0, 100, false", "20, 30, true", "30, 40, false", "29, 31, false", "20, 31, false", "9, 10, true"
    })
    void refusesWhatOverlaps(long start, long end, boolean added) {
        // Given
        Coverage coverage = new Coverage(0);
        coverage.add(30, 40);
        coverage.add(10, 20);

        // When // Then
        assertThat(coverage.add(start, end)).isEqualTo(added);
        assertThat(coverage.total()).isEqualTo(added ? 20 + end - start : 20);
    }

    @Test
    void startsWithAPrefix() {
        // Given
        Coverage coverage = new Coverage(10);

        // When // Then
        assertThat(coverage.add(9, 11)).isFalse();
        assertThat(coverage.add(10, 20)).isTrue();
        assertThat(coverage.add(0, 1)).isFalse();
        assertThat(coverage.total()).isEqualTo(20);
    }

    @Test
    void countsTheRangesThatDoNotTouch() {
        // Given
        Coverage coverage = new Coverage(10);

        // When // Then
        assertThat(coverage.ranges()).isEqualTo(1);
        coverage.add(20, 30);
        assertThat(coverage.ranges()).isEqualTo(2);
        coverage.add(25, 35);
        assertThat(coverage.ranges()).as("with what was refused").isEqualTo(2);
        coverage.add(30, 40);
        assertThat(coverage.ranges()).as("with a neighbour").isEqualTo(2);
        coverage.add(10, 20);
        assertThat(coverage.ranges()).as("once the gap is closed").isEqualTo(1);
    }

    @Test
    void agreesWithASetOfBytes() {
        // Given
        Random random = new Random(1);
        for (int round = 0; round < 200; round++) {
            Coverage coverage = new Coverage(0);
            BitSet bytes = new BitSet(64);

            // When // Then
            for (int i = 0; i < 40; i++) {
                int start = random.nextInt(64);
                int end = start + 1 + random.nextInt(64 - start);
                boolean free = bytes.get(start, end).isEmpty();
                assertThat(coverage.add(start, end)).isEqualTo(free);
                bytes.set(start, free ? end : start);
                assertThat(coverage.total()).isEqualTo(bytes.cardinality());
            }
        }
    }
}
