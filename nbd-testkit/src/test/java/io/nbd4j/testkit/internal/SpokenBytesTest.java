package io.nbd4j.testkit.internal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SpokenBytesTest {
    private final SpokenBytes spoken = new SpokenBytes();

    @Test
    void givesEachTurnALine() {
        // When
        spoken.said("a", new byte[] {1, 2, 3}, 2);
        spoken.said("a", new byte[] {9}, 1);
        spoken.said("b", new byte[] {4}, 1);
        spoken.happened("the end");

        // Then
        assertThat(spoken).hasToString("  a: 010209\n  b: 04\n  the end\n");
    }

    @Test
    void saysThatNothingWasSaid() {
        assertThat(spoken).hasToString("  nothing\n");
    }

    @Test
    void keepsTheBeginningOfALongTurn() {
        spoken.said("a", new byte[1000], 1000);
        spoken.said("a", new byte[1000], 1000);
        assertThat(spoken.toString()).endsWith(" ... (2000 bytes)\n").hasSizeLessThan(1000);
    }

    @Test
    void keepsTheLastTurns() {
        for (int i = 0; i < 250; i++) {
            spoken.happened("event " + i);
        }
        assertThat(spoken.toString())
                .startsWith("  (50 turns before)\n  event 50\n")
                .endsWith("  event 249\n");
    }
}
