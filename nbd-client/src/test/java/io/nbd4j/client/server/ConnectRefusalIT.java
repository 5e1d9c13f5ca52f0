package io.nbd4j.client.server;

import static io.nbd4j.client.contract.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.ConnectionState;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdClientBuilder;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.NbdUri;
import io.nbd4j.client.SubprocessTransport;
import io.nbd4j.client.TlsMode;
import io.nbd4j.codec.NbdError;
import io.netty.channel.local.LocalAddress;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Targets that can't be, which leave the handle CREATED. The time limit only ends what hangs. */
@Timeout(60)
class ConnectRefusalIT {
    static Stream<Arguments> targets() {
        return Stream.of(
                Arguments.of(NbdTarget.socketActivation(), "the command has no words"),
                Arguments.of(NbdTarget.socketActivation(""), "the name of the command is empty"),
                Arguments.of(NbdTarget.socketActivation("a", "b\0"), "a word of the command contains NUL"),
                Arguments.of(
                        NbdTarget.socketActivation("nbdkit").withName("a".repeat(33)),
                        "the name of the socket is longer than 32 characters"),
                Arguments.of(
                        NbdTarget.socketActivation("nbdkit").withName("a-b"),
                        "the name of the socket may have ASCII letters and digits only"),
                Arguments.of(
                        NbdTarget.socketActivation("nbdkit").withName("\u00e9"),
                        "the name of the socket may have ASCII letters and digits only"),
                Arguments.of(
                        NbdTarget.command("nbdkit").withTransport(SubprocessTransport.SOCKET_ACTIVATION),
                        "socket activation is a target of its own, NbdTarget.socketActivation"),
                Arguments.of(NbdTarget.vsock(-1, 1), "a vsock CID is 0 to 4294967294, not -1"),
                Arguments.of(NbdTarget.vsock(4294967295L, 1), "a vsock CID is 0 to 4294967294, not 4294967295"),
                Arguments.of(NbdTarget.vsock(2, 0), "a vsock port is 1 to 4294967294, not 0"),
                Arguments.of(NbdTarget.vsock(2, 4294967295L), "a vsock port is 1 to 4294967294, not 4294967295"),
                Arguments.of(NbdTarget.tcp("h", 65536), "a TCP port is 1 to 65535, not 65536"),
                Arguments.of(NbdTarget.unix(""), "the path of the Unix socket is empty"),
                Arguments.of(
                        NbdTarget.unix("/" + "\u00e9".repeat(54)),
                        "the path of the Unix socket is too long: 109 bytes, more than 108"),
                Arguments.of(
                        NbdTarget.uri(NbdUri.parse("nbd+unix:///?socket=/" + "a".repeat(108))),
                        "the path of the Unix socket is too long: 109 bytes, more than 108"),
                Arguments.of(
                        NbdTarget.address(new LocalAddress("x")),
                        "an address of TCP, a Unix socket or vsock is needed, not local:x; a channel of another transport can be"
                                + " adopted (connectChannel)"),
                Arguments.of(
                        NbdTarget.uri(NbdUri.parse("nbd://h/?tls-hostname=x")),
                        "the NBD URI says how TLS is done, but it does not ask for TLS, and the client has it switched off;"
                                + " write nbds, or use tls(TlsMode.ALLOW)"));
    }

    @ParameterizedTest
    @MethodSource("targets")
    void aTargetThatCannotBeLeavesTheHandleCreated(NbdTarget target, String reason) {
        try (NbdClient nbd = NbdClient.builder().build()) {
            // When
            InvalidRequestException failure = failureOf(nbd.connect(target), InvalidRequestException.class);

            // Then
            assertThat(failure).hasMessage(reason + " (EINVAL)");
            assertThat(failure.errno()).isEqualTo(NbdError.EINVAL);
            assertThat(nbd.state()).isEqualTo(ConnectionState.CREATED);
            assertThat(nbd.uri()).isEmpty();
        }
    }

    @Test
    void aUriThatAFilterRefusesLeavesTheHandleCreated() {
        assertFiltered(NbdClient.builder(), "nbds://h/?tls-certificates=/pki");
        assertFiltered(NbdClient.builder().uriAllowTransports(Set.of(NbdUri.Transport.TCP)), "nbd+ssh://h/");
        assertFiltered(NbdClient.builder().uriAllowTls(TlsMode.DISABLE), "nbds://h/");
        assertFiltered(NbdClient.builder().uriAllowTls(TlsMode.REQUIRE), "nbd://h/");
        assertFiltered(
                NbdClient.builder().uriAllowLocalFiles(true).uriAllowLocalFiles(false), "nbds://h/?tls-psk-file=/k");
    }

    private static void assertFiltered(NbdClientBuilder builder, String uri) {
        try (NbdClient nbd = builder.build()) {
            InvalidRequestException failure = failureOf(nbd.connectUri(uri), InvalidRequestException.class);
            assertThat(failure.errno()).as(uri).isEqualTo(NbdError.EPERM);
            assertThat(failure).hasMessageContaining("refused by a filter");
            assertThat(nbd.state()).isEqualTo(ConnectionState.CREATED);
        }
    }
}
