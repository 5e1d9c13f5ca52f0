package io.nbd4j.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class BracketedCommandTest {
    @Test
    void cutsOutTheCommandAndLeavesOneBracket() {
        // When
        BracketedCommand split = cut("load", "--bs", "4k", "[", "nbdkit", "-s", "memory", "1G", "]", "--json");

        // Then
        assertThat(split.remaining()).containsExactly("load", "--bs", "4k", "[", "--json");
        assertThat(split.command()).containsExactly("nbdkit", "-s", "memory", "1G");
    }

    @Test
    void leavesWhatLooksLikeOurOptionsInTheCommand() {
        // When
        BracketedCommand split = cut("load", "[", "server", "--help", "--bs", "--", "@file", "", "]");

        // Then
        assertThat(split.remaining()).containsExactly("load", "[");
        assertThat(split.command()).containsExactly("server", "--help", "--bs", "--", "@file", "");
    }

    @Test
    void reachesToTheLastBracketSoThatACommandCanHaveSome() {
        assertThat(cut("load", "[", "test", "[", "-f", "]", "]", "--json").command())
                .containsExactly("test", "[", "-f", "]");
        assertThat(cut("load", "[", "echo", "]", "]").command()).containsExactly("echo", "]");
        assertThat(cut("load", "[", "echo", "[", "]").command()).containsExactly("echo", "[");
    }

    @Test
    void bracketsWithinWordsAreNoBrackets() {
        // When
        BracketedCommand split = cut("load", "nbd://[::1]/", "[x", "y]");

        // Then
        assertThat(split.remaining()).containsExactly("load", "nbd://[::1]/", "[x", "y]");
        assertThat(split.command()).isEmpty();
    }

    @Test
    void refusesBracketsThatDoNotMatch() {
        assertThatThrownBy(() -> cut("load", "[", "nbdkit")).isInstanceOf(ToolException.class);
        assertThatThrownBy(() -> cut("load", "nbdkit", "]")).isInstanceOf(ToolException.class);
        assertThatThrownBy(() -> cut("load", "]", "nbdkit", "[")).isInstanceOf(ToolException.class);
    }

    @Test
    void refusesAnEmptyCommand() {
        assertThatThrownBy(() -> cut("load", "[", "]"))
                .isInstanceOf(ToolException.class)
                .hasMessage("no command between '[' and ']'");
    }

    private static BracketedCommand cut(String... arguments) {
        return BracketedCommand.cutOutOf(arguments);
    }
}
