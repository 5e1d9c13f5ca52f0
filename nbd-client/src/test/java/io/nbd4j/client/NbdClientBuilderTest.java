package io.nbd4j.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.nbd4j.codec.handshake.HandshakeFlags;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NbdClientBuilderTest {
    @Test
    void anOptionLeavesTheBuilderAsItIs() {
        // Given
        NbdClientBuilder builder = NbdClient.builder();
        NbdClientBuilder changed = builder.metaContexts("x-a:b", "x-c:d").exportName("disk");

        // When // Then
        try (NbdClient before = builder.build();
                NbdClient after = changed.build()) {
            assertThat(before.negotiation().metaContexts()).isEmpty();
            assertThat(before.negotiation().exportName()).isEmpty();
            assertThat(after.negotiation().metaContexts()).containsExactly("x-a:b", "x-c:d");
            assertThat(after.negotiation().exportName()).isEqualTo("disk");
        }
    }

    @Test
    void whatANegotiationIsToldLeavesOtherClientsAsTheyAre() {
        // Given
        NbdClientBuilder builder = NbdClient.builder().metaContexts("x-a:b");

        // When // Then
        try (NbdClient one = builder.build();
                NbdClient other = builder.build()) {
            one.negotiation().metaContexts(List.of()).exportName("disk");
            assertThat(one.negotiation().metaContexts()).isEmpty();
            assertThat(other.negotiation().metaContexts()).containsExactly("x-a:b");
            assertThat(other.negotiation().exportName()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 7, 0x8000})
    void handshakeFlagsThatDoNotExistAreRefused(int bits) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> NbdClient.builder().handshakeFlags(new HandshakeFlags(bits)));
    }

    @Test
    @SuppressWarnings("NullAway") // What callers without a null checker can do.
    void namesMustBeThere() {
        assertThatNullPointerException().isThrownBy(() -> NbdClient.builder().metaContexts("x-a:b", null));
        try (NbdClient nbd = NbdClient.builder().build()) {
            assertThatNullPointerException().isThrownBy(() -> nbd.negotiation().setMetaContexts("x-a:b", null));
            assertThatNullPointerException().isThrownBy(() -> nbd.negotiation().listMetaContexts((String[]) null));
        }
    }
}
