package io.nbd4j.tools.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class OpeningTest {
    private final List<CompletableFuture<String>> attempts = new ArrayList<>();

    @Test
    void opensAFewAtATimeAndTheNextWhenOneIsOpen() {
        // Given
        CompletableFuture<Void> ready = open(Opening.AT_ONCE + 2);
        assertThat(attempts).hasSize(Opening.AT_ONCE);

        // When
        attempts.get(3).complete("open");

        // Then
        assertThat(attempts).hasSize(Opening.AT_ONCE + 1);
        assertThat(ready).isNotDone();
    }

    @Test
    void isReadyWhenTheLastIsOpen() {
        // Given
        CompletableFuture<Void> ready = open(Opening.AT_ONCE + 2);

        // When
        for (int i = 0; i < Opening.AT_ONCE + 1; i++) {
            attempts.get(i).complete("open");
        }
        assertThat(ready).isNotDone();
        attempts.get(Opening.AT_ONCE + 1).complete("open");

        // Then
        assertThat(ready).isCompleted();
        assertThat(attempts).hasSize(Opening.AT_ONCE + 2);
    }

    @Test
    void failsWithTheFirstThatFailsAndOpensNoMore() {
        // Given
        CompletableFuture<Void> ready = open(Opening.AT_ONCE + 2);
        IllegalStateException refused = new IllegalStateException("refused");

        // When
        attempts.get(1).completeExceptionally(refused);
        attempts.get(0).complete("open");

        // Then
        assertThat(ready).isCompletedExceptionally();
        assertThat(ready.handle((ignored, failure) -> failure)).isCompletedWithValue(refused);
        assertThat(attempts).hasSize(Opening.AT_ONCE);
    }

    private CompletableFuture<Void> open(int connections) {
        return Opening.start(connections, number -> {
            assertThat(number).isEqualTo(attempts.size());
            CompletableFuture<String> attempt = new CompletableFuture<>();
            attempts.add(attempt);
            return attempt;
        });
    }
}
