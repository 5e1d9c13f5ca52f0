package io.nbd4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

import io.netty.util.AttributeKey;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.EnumSet;
import java.util.List;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** How long a timeout may be, and what belongs to a handle before it is used. */
class BuilderBoundsTest {
    private interface Option extends BiFunction<NbdClientBuilder, Duration, NbdClientBuilder> {}

    static final List<Named<Option>> TIMEOUTS = List.of(
            Named.of("connect", NbdClientBuilder::connectTimeout),
            Named.of("handshake", NbdClientBuilder::handshakeTimeout),
            Named.of("drain", NbdClientBuilder::drainTimeout),
            Named.of("grace", NbdClientBuilder::graceTimeout),
            Named.of("kill", NbdClientBuilder::killTimeout),
            Named.of("stall", NbdClientBuilder::stallTimeout),
            Named.of("request", NbdClientBuilder::requestTimeout));

    @ParameterizedTest
    @FieldSource("TIMEOUTS")
    void aTimeoutWhoseNanosecondsCouldOverflowIsRefused(Option option) {
        for (Duration tooLong : List.of(
                Duration.ofDays(365).plusNanos(1),
                Duration.ofDays(400 * 365),
                Duration.ofMillis(Long.MAX_VALUE),
                ChronoUnit.FOREVER.getDuration())) {
            assertThatExceptionOfType(IllegalArgumentException.class)
                    .isThrownBy(() -> option.apply(NbdClient.builder(), tooLong))
                    .withMessageContaining("365 days");
        }
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> option.apply(NbdClient.builder(), Duration.ofNanos(-1)));
        assertThatNoException().isThrownBy(() -> option.apply(NbdClient.builder(), Duration.ofDays(365)));
    }

    @Test
    void libnbdsBitsAreThoseOfTheChecks() {
        assertThat(StrictCheck.values()).extracting(StrictCheck::bit).containsExactly(1, 2, 4, 8, 16, 32, 64);
        assertThat(NbdDefaults.STRICT_MODE).isEqualTo(EnumSet.allOf(StrictCheck.class));
    }

    @Test
    void aHandleHasANameAndAPlaceForItsUser() {
        AttributeKey<String> key = AttributeKey.valueOf(BuilderBoundsTest.class, "place");
        try (NbdClient named = NbdClient.builder().name("disk").build();
                NbdClient first = NbdClient.builder().build();
                NbdClient second = NbdClient.builder().build()) {
            // When
            named.attributes().attr(key).set("mine");

            // Then
            assertThat(named.name()).isEqualTo("disk");
            assertThat(first.name()).matches("nbd\\d+").isNotEqualTo(second.name());
            assertThat(named.attributes().attr(key).get()).isEqualTo("mine");
            assertThat(first.attributes().hasAttr(key)).isFalse();
        }
    }
}
