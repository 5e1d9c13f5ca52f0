package io.nbd4j.client.internal.subprocess;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.ExitStatus;
import org.junit.jupiter.api.Test;

class JdkChildProcessTest {
    @Test
    void readsExitValuesAboveTheBaseAsSignals() {
        // When // Then
        assertThat(JdkChildProcess.statusOf(0)).isEqualTo(ExitStatus.exited(0));
        assertThat(JdkChildProcess.statusOf(128)).isEqualTo(ExitStatus.exited(128));
        assertThat(JdkChildProcess.statusOf(128 + 9)).isEqualTo(ExitStatus.signalled(9));
        assertThat(JdkChildProcess.statusOf(128 + 64)).isEqualTo(ExitStatus.signalled(64));
        assertThat(JdkChildProcess.statusOf(255)).isEqualTo(ExitStatus.exited(255));
    }
}
