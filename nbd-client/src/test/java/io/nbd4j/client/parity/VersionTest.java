package io.nbd4j.client.parity;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.NbdVersion;
import org.junit.jupiter.api.Test;

/** libnbd's {@code get-version}. */
class VersionTest {
    @Test
    void packageAndVersionAreTold() {
        assertThat(NbdVersion.packageName()).isEqualTo("nbd4j");
        assertThat(NbdVersion.version()).matches("\\d+\\.\\d+\\.\\d+(-SNAPSHOT)?");
    }
}
