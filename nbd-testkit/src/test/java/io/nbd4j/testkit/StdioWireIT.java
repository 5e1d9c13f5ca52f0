package io.nbd4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The server as a subprocess, over two pipes. */
class StdioWireIT extends WireContract {
    @Override
    RawClient connect() throws Exception {
        Process process = StdioProcess.builder("--memory", "64m").start();
        return new RawClient(process.getInputStream(), process.getOutputStream(), () -> StdioProcess.end(process));
    }

    @Test
    void theProcessEndsWhenItsInputDoes() throws Exception {
        // Given
        Process process = StdioProcess.builder("--pattern", "1m").start();
        RawClient client = new RawClient(process.getInputStream(), process.getOutputStream(), process::destroy);
        client.expect("'NBDMAGIC'");

        // When
        process.getOutputStream().close();

        // Then
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
    }

    @Test
    void badArgumentsAreOneLineAndStatusOne() throws Exception {
        // Given // When
        Process process = StdioProcess.builder("--memory", "much")
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        // Then
        assertThat(process.waitFor()).isEqualTo(1);
        assertThat(output).isEqualTo("StdioServer: 'much' is no size\n");
    }
}
