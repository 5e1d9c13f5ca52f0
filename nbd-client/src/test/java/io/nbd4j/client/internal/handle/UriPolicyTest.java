package io.nbd4j.client.internal.handle;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdUri;
import io.nbd4j.client.TlsMode;
import io.nbd4j.codec.NbdError;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UriPolicyTest {
    private static void assertLetThrough(UriPolicy policy, String uri) {
        assertThat(policy.problemOf(NbdUri.parse(uri))).as(uri).isNull();
    }

    private static void assertRefused(UriPolicy policy, String uri, String reason) {
        InvalidRequestException problem = policy.problemOf(NbdUri.parse(uri));
        assertThat(problem).as(uri).isNotNull();
        assertThat(Objects.requireNonNull(problem).errno()).isEqualTo(NbdError.EPERM);
        assertThat(problem).hasMessageContaining(reason);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nbd://h",
                "nbds://h",
                "nbd+unix:///?socket=/s",
                "nbds+unix:///?socket=/s",
                "nbd+vsock:///",
                "nbds+vsock:///",
                "nbd+ssh://h",
                "nbds+ssh://h",
                "nbds://h/?tls-hostname=x&tls-verify-peer=1&tls-type=x509"
            })
    void byDefaultLetsEverySchemeThrough(String uri) {
        assertLetThrough(UriPolicy.DEFAULT, uri);
    }

    @ParameterizedTest
    @ValueSource(strings = {"nbds://h/?tls-certificates=/pki", "nbds://h/?tls-psk-file=/keys"})
    void byDefaultRefusesLocalFiles(String uri) {
        assertRefused(UriPolicy.DEFAULT, uri, "names a local file: tls-");
        assertLetThrough(UriPolicy.DEFAULT.withLocalFiles(true), uri);
    }

    @Test
    void refusesTransportsThatAreNotInTheSet() {
        // Given
        UriPolicy policy = UriPolicy.DEFAULT.withTransports(Set.of(NbdUri.Transport.TCP, NbdUri.Transport.VSOCK));

        // Then
        assertLetThrough(policy, "nbds://h");
        assertLetThrough(policy, "nbd+vsock:///");
        assertRefused(policy, "nbd+unix:///?socket=/s", "its transport: nbd+unix");
        assertRefused(policy, "nbds+ssh://h", "its transport: nbds+ssh");
    }

    @Test
    void refusesTlsOrItsAbsence() {
        assertRefused(UriPolicy.DEFAULT.withTls(TlsMode.DISABLE), "nbds://h", "that it requires TLS: nbds");
        assertLetThrough(UriPolicy.DEFAULT.withTls(TlsMode.DISABLE), "nbd://h");
        assertRefused(UriPolicy.DEFAULT.withTls(TlsMode.REQUIRE), "nbd://h", "that it does not require TLS: nbd");
        assertLetThrough(UriPolicy.DEFAULT.withTls(TlsMode.REQUIRE), "nbds://h");
    }
}
