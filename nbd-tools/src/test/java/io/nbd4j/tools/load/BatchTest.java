package io.nbd4j.tools.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nbd4j.tools.ToolException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Reader;
import java.io.StringReader;
import java.io.StringWriter;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BatchTest {
    private final StringWriter out = new StringWriter();

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "nbdkit                          | 'nbdkit' is neither an NBD URI nor [ COMMAND ARG... ]",
                "--io-depth 4                    | Unknown option: '--io-depth'",
                "--iodepth 0                     | --iodepth must be 1 to 65536: 0",
                "[ nbdkit                        | '[' without ']' behind it, as a word of its own",
                "nbd://localhost --bs 'x         | a ' without another that ends it",
                "--batch                         | --batch within a batch",
                "[ /no/such/server ]             | command not found: /no/such/server",
            })
    void aLineThatIsNoTestIsAnsweredWithAnErrorAndFailsTheBatch(String line, String complaint) throws Exception {
        // When // Then
        assertThatThrownBy(() -> run(line + "\n"))
                .isInstanceOf(ToolException.class)
                .hasMessage("1 of 1 tests failed");
        assertThat(out.toString().lines()).hasSize(1);
        assertThat(Json.parse(out.toString())).isEqualTo(Map.of("error", complaint));
    }

    @Test
    void goesOnAfterAFailure() {
        // When // Then: the last line has no end
        assertThatThrownBy(() -> run("a\n\n  \nb\r\nc")).hasMessage("3 of 3 tests failed");
        assertThat(out.toString().lines()).hasSize(3).allMatch(line -> line.startsWith("{\"error\":"));
    }

    @Test
    void nothingToRunIsFine() throws Exception {
        // When // Then
        assertThat(run("")).isZero();
        assertThat(run("\n")).isZero();
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void saysSoIfTheInputCanNotBeRead() {
        // Given
        Reader broken = new Reader() {
            @Override
            public int read(char[] characters, int from, int length) throws IOException {
                throw new IOException("Input/output error");
            }

            @Override
            public void close() {}
        };

        // Then
        assertThatThrownBy(() -> new Batch(new BufferedReader(broken), new PrintWriter(out)).run())
                .isInstanceOf(ToolException.class)
                .hasMessage("the tests can't be read from stdin: Input/output error");
    }

    private int run(String input) throws InterruptedException {
        return new Batch(new BufferedReader(new StringReader(input)), new PrintWriter(out)).run();
    }
}
