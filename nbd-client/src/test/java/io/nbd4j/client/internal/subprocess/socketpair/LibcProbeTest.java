package io.nbd4j.client.internal.subprocess.socketpair;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class LibcProbeTest {
    @Test
    @EnabledForJreRange(maxVersion = 21, disabledReason = "has the foreign function API")
    @EnabledOnOs(
            value = OS.LINUX,
            architectures = {"amd64", "aarch64"})
    void saysWhichJdkItNeeds() {
        // When
        LibcProbe probe = LibcProbe.ofThisJvm();

        // Then
        assertThat(probe.libc()).isNull();
        assertThat(probe.reason())
                .isEqualTo(
                        "it needs JDK 22 or newer, this is " + Runtime.version().feature());
    }

    @Test
    @EnabledForJreRange(minVersion = 22, disabledReason = "lacks the foreign function API")
    @EnabledOnOs(
            value = OS.LINUX,
            architectures = {"amd64", "aarch64"})
    void bindsEverythingWhereItCan() {
        // When
        LibcProbe probe = LibcProbe.ofThisJvm();

        // Then
        assertThat(probe.reason()).isNull();
        assertThat(probe.libc()).isNotNull();
    }
}
