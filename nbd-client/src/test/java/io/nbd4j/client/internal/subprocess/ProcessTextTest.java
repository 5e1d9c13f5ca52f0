package io.nbd4j.client.internal.subprocess;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nbd4j.client.StderrPolicy;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProcessTextTest {
    @Test
    void refusesWhatTheEncodingOfThePlatformCannotExpress() {
        // Given
        LaunchSpec argument = spec(List.of("serve", "gr\u00fcn"), Map.of());
        LaunchSpec variable = spec(List.of("serve"), Map.of("COLOUR", "gr\u00fcn"));

        // When // Then
        assertThatThrownBy(() -> ProcessText.check(argument, StandardCharsets.US_ASCII))
                .hasMessage("cannot be handed to a process: argument 1 "
                        + "(US-ASCII, the encoding of this platform, can't express it)");
        assertThatThrownBy(() -> ProcessText.check(variable, StandardCharsets.US_ASCII))
                .hasMessage("cannot be handed to a process: the environment variable COLOUR "
                        + "(US-ASCII, the encoding of this platform, can't express it)");
    }

    @Test
    void acceptsWhatItCan() {
        // Given
        LaunchSpec spec = spec(List.of("serve", "gr\u00fcn"), Map.of("COLOUR", "gr\u00fcn"));

        // When // Then
        assertThatCode(() -> ProcessText.check(spec, StandardCharsets.UTF_8)).doesNotThrowAnyException();
        assertThatCode(() -> ProcessText.check(spec, StandardCharsets.ISO_8859_1))
                .doesNotThrowAnyException();
    }

    private static LaunchSpec spec(List<String> argv, Map<String, String> environment) {
        return new LaunchSpec(argv, environment, null, StderrPolicy.CAPTURE);
    }
}
