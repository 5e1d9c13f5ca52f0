package io.nbd4j.tools;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.ConnectFailedException;
import java.io.IOException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

class ErrorLineTest {
    @Test
    void saysWhatTheLibrarySaidWithoutTheFuturesAroundIt() {
        // Given
        Throwable failure = new ExecutionException(
                new CompletionException(new ConnectFailedException("no such socket: x", new IOException("ENOENT"))));

        // When
        String line = ErrorLine.of(failure);

        // Then
        assertThat(line).isEqualTo("no such socket: x");
    }

    @Test
    void makesOneLineOfMany() {
        assertThat(ErrorLine.of(new ToolException("it wrote: a\n  b\r\n\r\nc\td\n")))
                .isEqualTo("it wrote: a; b; c d");
    }

    @Test
    void saysWhatIsWrongWithAnArgument() {
        assertThat(ErrorLine.of(new ParameterException(new CommandLine(CommandSpec.create()), "Unknown option: '-x'")))
                .isEqualTo("Unknown option: '-x'");
    }

    @Test
    void namesTheClassOfWhatNobodyExpected() {
        assertThat(ErrorLine.of(new IllegalStateException("x\ny")))
                .isEqualTo("unexpected java.lang.IllegalStateException: x; y");
        assertThat(ErrorLine.of(new NullPointerException())).isEqualTo("unexpected java.lang.NullPointerException");
    }
}
