package io.nbd4j.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Help and version come quickly, since they start little. */
class StartupIT {
    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"--version", "--help", "load --help", "serve --help", "load --bs 0"})
    void touchesNeitherNettyNorTheLog(String arguments) throws Exception {
        // When
        List<String> argv = NbdCommand.argv(List.of("-Xlog:class+load"), arguments.split(" "));
        NbdCommand.Result result = NbdCommand.startArgv(directory, argv).await();

        // Then
        assertThat(result.out()).contains("io.nbd4j.tools.Main ").doesNotContain(" io.netty.", " org.slf4j.");
    }

    @Test
    void looksAtNoOtherVerbThanTheOneThatIsNamed() throws Exception {
        // When
        List<String> argv = NbdCommand.argv(List.of("-Xlog:class+load"), "load", "--help");
        NbdCommand.Result result = NbdCommand.startArgv(directory, argv).await();

        // Then
        assertThat(result.out())
                .contains(" io.nbd4j.tools.load.LoadCommand ")
                .doesNotContain(" io.nbd4j.tools.serve.ServeCommand ", " io.nbd4j.tools.scale.ScaleCommand ");
    }
}
