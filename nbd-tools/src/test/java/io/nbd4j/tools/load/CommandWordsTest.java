package io.nbd4j.tools.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nbd4j.tools.ToolException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommandWordsTest {
    @Test
    void blanksDivideWords() {
        assertThat(words(" --bs 4k\t [  nbdkit -s\t\tmemory 1G ] "))
                .containsExactly("--bs", "4k", "[", "nbdkit", "-s", "memory", "1G", "]");
        assertThat(words("")).isEmpty();
        assertThat(words(" \t ")).isEmpty();
    }

    @Test
    void whatIsQuotedIsNotDivided() {
        assertThat(words("sh -c 'echo \"a\\b\"  $HOME'")).containsExactly("sh", "-c", "echo \"a\\b\"  $HOME");
        assertThat(words("\"a 'b' \\\"c\\\" \\\\ \\n\"")).containsExactly("a 'b' \"c\" \\ \\n");
        assertThat(words("a\\ b \\' \\\\")).containsExactly("a b", "'", "\\");
    }

    @Test
    void quotedPartsBelongToTheWordThatTheyStandIn() {
        // As Python's shlex.quote writes it's.
        assertThat(words("'it'\"'\"'s'")).containsExactly("it's");
        assertThat(words("socket='/a b'/c")).containsExactly("socket=/a b/c");
    }

    @Test
    void aWordCanBeEmpty() {
        assertThat(words("a '' \"\"")).containsExactly("a", "", "");
    }

    @Test
    void nothingElseHasAMeaning() {
        assertThat(words("*.img $X ~ #x ; | a&b")).containsExactly("*.img", "$X", "~", "#x", ";", "|", "a&b");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a 'b", "a \"b", "\"a\\\"", "'", "a\\"})
    void refusesAQuoteWithoutEnd(String line) {
        assertThatThrownBy(() -> words(line)).isInstanceOf(ToolException.class).hasMessageContaining("a ");
    }

    private static List<String> words(String line) {
        return CommandWords.of(line);
    }
}
