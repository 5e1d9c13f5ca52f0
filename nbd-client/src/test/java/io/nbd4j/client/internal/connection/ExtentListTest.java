package io.nbd4j.client.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.Extent;
import org.junit.jupiter.api.Test;

class ExtentListTest {
    private static final int MAX_EXTENTS = 1 << 20;

    @Test
    void joinsNeighboursOfTwoAnswers() {
        // Given
        ExtentList list = new ExtentList(100, -1);
        list.expect(200);
        list.begin();
        list.add(50, 0);
        list.add(50, 1);
        assertThat(list.isComplete()).isTrue();

        // When
        list.expect(300);
        list.begin();
        list.add(20, 1);

        // Then
        assertThat(list.toList()).containsExactly(new Extent(100, 50, 0), new Extent(150, 70, 1));
        assertThat(list.end()).isEqualTo(220);
        assertThat(list.isComplete()).isFalse();
    }

    @Test
    void endsWhereItIsFull() {
        // Given
        ExtentList list = new ExtentList(0, -1);
        list.expect(Long.MAX_VALUE);
        list.begin();
        for (int i = 0; i < MAX_EXTENTS; i++) {
            list.add(1, i % 2);
        }
        list.add(1, 1);
        assertThat(list.end()).isEqualTo(MAX_EXTENTS + 1);

        // When
        list.add(1, 0);
        list.add(1, 1);

        // Then
        assertThat(list.end()).isEqualTo(MAX_EXTENTS + 1);
        assertThat(list.isComplete()).isFalse();
        assertThat(list.toList()).hasSize(MAX_EXTENTS);
    }

    @Test
    void reachesTheEndOfTheLargestExport() {
        // Given
        ExtentList list = new ExtentList(Long.MAX_VALUE - 10, -1);
        list.expect(Long.MAX_VALUE);
        list.begin();

        // When
        list.add(4, 0);
        list.add(Long.MAX_VALUE, 1);

        // Then
        assertThat(list.toList())
                .containsExactly(new Extent(Long.MAX_VALUE - 10, 4, 0), new Extent(Long.MAX_VALUE - 6, 6, 1));
        assertThat(list.isComplete()).isTrue();
    }
}
