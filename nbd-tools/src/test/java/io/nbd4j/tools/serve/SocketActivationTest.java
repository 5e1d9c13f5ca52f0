package io.nbd4j.tools.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nbd4j.tools.ToolException;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SocketActivationTest {
    @Test
    void theSocketIsDescriptorThree() {
        assertThat(SocketActivation.descriptor(Map.of("LISTEN_PID", "42", "LISTEN_FDS", "1"), 42))
                .hasValue(3);
    }

    @Test
    void socketsForAnotherProcessDontCount() {
        assertThat(SocketActivation.descriptor(Map.of(), 42)).isEmpty();
        assertThat(SocketActivation.descriptor(Map.of("LISTEN_FDS", "1"), 42)).isEmpty();
        assertThat(SocketActivation.descriptor(Map.of("LISTEN_PID", "42"), 42)).isEmpty();
        assertThat(SocketActivation.descriptor(Map.of("LISTEN_PID", "41", "LISTEN_FDS", "1"), 42))
                .isEmpty();
    }

    @Test
    void servesOnOneSocketOnly() {
        for (String count : new String[] {"0", "2", "x", ""}) {
            assertThatThrownBy(() -> SocketActivation.descriptor(Map.of("LISTEN_PID", "42", "LISTEN_FDS", count), 42))
                    .isInstanceOf(ToolException.class)
                    .hasMessageContaining("'" + count + "'");
        }
    }
}
