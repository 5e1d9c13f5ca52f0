package io.nbd4j.client.internal.subprocess;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StderrTailTest {
    private final List<String> lines = new ArrayList<>();
    private final StderrTail tail = new StderrTail(lines::add);

    @Test
    void keepsAllOfAShortText() {
        // When
        append("one\n");
        append("two");

        // Then
        assertThat(tail.text()).isEqualTo("one\ntwo");
        assertThat(tail.ended()).isNotDone();
    }

    @Test
    void keepsTheLastBytesWhateverThePieces() {
        // Given
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < 3000; i++) {
            all.append(i).append('\n');
        }
        String expected = all.substring(all.length() - StderrTail.CAPACITY);

        for (int piece : new int[] {1, 7, 4096, StderrTail.CAPACITY, StderrTail.CAPACITY + 1, all.length()}) {
            StderrTail fresh = new StderrTail(line -> {});

            // When
            byte[] bytes = all.toString().getBytes(UTF_8);
            for (int i = 0; i < bytes.length; i += piece) {
                fresh.append(bytes, i, Math.min(piece, bytes.length - i));
            }

            // Then
            assertThat(fresh.text()).as("pieces of %d", piece).isEqualTo(expected);
        }
    }

    @Test
    void doesNotBeginInsideACharacter() {
        // Given
        String snowmen = "\u2603".repeat(StderrTail.CAPACITY);

        // When
        append(snowmen);

        // Then
        assertThat(tail.text()).matches("\u2603+").hasSize(StderrTail.CAPACITY / 3);
    }

    @Test
    void replacesMalformedBytes() {
        // When
        tail.append(new byte[] {'a', (byte) 0xff, 'b'}, 0, 3);

        // Then
        assertThat(tail.text()).isEqualTo("a\ufffdb");
    }

    @Test
    void passesOnLinesAcrossPieces() {
        // When
        append("fi");
        append("rst\r\n\nthi");
        append("rd");
        tail.end();

        // Then
        assertThat(lines).containsExactly("first", "", "third");
        assertThat(tail.ended()).isCompleted();
    }

    @Test
    void cutsALongLineAndGoesOnWithTheNext() {
        // When
        append("x".repeat(StderrTail.LINE_LIMIT + 1) + "\nnext\n" + "y".repeat(StderrTail.LINE_LIMIT) + "\n");

        // Then
        assertThat(lines)
                .containsExactly("x".repeat(StderrTail.LINE_LIMIT) + "…", "next", "y".repeat(StderrTail.LINE_LIMIT));
    }

    @Test
    void escapesWhatSteersATerminal() {
        // When
        append("\u001b[31mred\u0007 gr\u00fcn\ttab \u202e\u2028\n");

        // Then
        assertThat(lines).containsExactly("\\x1b[31mred\\x07 gr\u00fcn\ttab \\u{202e}\\u{2028}");
    }

    @Test
    void endsOnce() {
        // Given
        append("last");

        // When
        tail.end();
        tail.end();

        // Then
        assertThat(lines).containsExactly("last");
    }

    @Test
    void hasEndedAtOnceWhenNothingIsCaptured() {
        // When
        StderrTail none = StderrTail.none();

        // Then
        assertThat(none.ended()).isCompleted();
        assertThat(none.text()).isEmpty();
    }

    private void append(String text) {
        byte[] bytes = ("junk" + text + "junk").getBytes(UTF_8);
        tail.append(bytes, 4, bytes.length - 8);
    }
}
