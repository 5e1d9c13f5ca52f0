package io.nbd4j.client.internal.tls.options;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PskFileTest {
    @TempDir
    Path directory;

    private Path file(String text) throws IOException {
        return Files.writeString(directory.resolve("keys.psk"), text);
    }

    @Test
    void theFirstLineOfTheUserHasTheKey() throws IOException {
        // Given
        Path file = file("alicea:00\nbob:01\r\nalice:0aFf \nalice:02\n");

        // When // Then
        assertThat(PskFile.keyOf("alice", file)).containsExactly(0x0a, 0xff);
        assertThat(PskFile.keyOf("bob", file)).containsExactly(1);
        assertThat(PskFile.keyOf("alicea", file)).containsExactly(0);
    }

    @Test
    void aUserWithoutAKeyIsNamed() throws IOException {
        Path file = file("alice:00\n");
        assertThatThrownBy(() -> PskFile.keyOf("alic", file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("'alic'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "5ec4e", "5ec4e7 5ec4e7", "0x5ec4e7"})
    void noErrorQuotesAKey(String key) throws IOException {
        // Given
        Path file = file("alice:" + key + "\n");

        // When // Then
        assertThatThrownBy(() -> PskFile.keyOf("alice", file))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("'alice'")
                .hasMessageNotContaining("5ec4e")
                .hasNoCause();
    }

    @Test
    void aFileWithoutAnEndIsNotReadToItsEnd() {
        assertThatThrownBy(() -> PskFile.keyOf("alice", Path.of("/dev/zero")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("1048576");
    }
}
