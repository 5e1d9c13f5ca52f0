package io.nbd4j.client.server;

import static io.nbd4j.client.contract.Outcomes.await;
import static io.nbd4j.client.contract.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nbd4j.client.ConnectionState;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.NbdUri;
import io.nbd4j.codec.NbdError;
import io.nbd4j.testkit.RealServer;
import io.nbd4j.testkit.junit.RequiresServer;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Each form of a URI that is supported leads to its server. The time limit only ends what hangs. */
@RequiresServer("nbdkit")
@Timeout(120)
class ConnectUriIT {
    private static final int BLOCK = 4096;

    @TempDir
    Path directory;

    @Test
    void aTcpUriConnectsByAddress() {
        try (RealServer server = RealServer.nbdkitTcp("memory", "1M")) {
            assertConnects("nbd://127.0.0.1:" + server.port(), "tcp", "");
        }
    }

    @Test
    void aTcpUriConnectsByName() {
        try (RealServer server = RealServer.nbdkitTcp("memory", "1M")) {
            assertConnects("nbd://localhost:" + server.port() + "/", "tcp", "");
        }
    }

    @Test
    void everyAddressOfANameIsTried() throws IOException {
        // Given
        Path hosts = Files.writeString(
                directory.resolve("hosts"), "127.0.0.3 several.test\n127.0.0.2 several.test\n127.0.0.1 several.test\n");
        try (RealServer server = RealServer.nbdkitTcp("memory", "1M")) {
            // When
            String output = Program.run(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:+IgnoreUnrecognizedVMOptions",
                    "--enable-native-access=ALL-UNNAMED",
                    "-Djdk.net.hosts.file=" + hosts,
                    "-cp",
                    System.getProperty("java.class.path"),
                    ConnectByName.class.getName(),
                    "several.test",
                    String.valueOf(server.port()));

            // Then
            assertThat(output.lines()).contains("1048576");
        }
    }

    @Test
    void aTcpUriConnectsToAnIpv6Literal() {
        try (ServerSocket probe = new ServerSocket()) {
            probe.bind(new InetSocketAddress(InetAddress.getAllByName("::1")[0], 0));
        } catch (IOException e) {
            assumeTrue(false, "no IPv6 here: " + e.getMessage());
        }
        // The later -i counts.
        try (RealServer server = RealServer.nbdkitTcp("-i", "::1", "memory", "1M")) {
            assertConnects("nbd://[::1]:" + server.port(), "tcp", "");
        }
    }

    @Test
    void aUnixUriConnects() {
        try (RealServer server = RealServer.nbdkit("memory", "1M")) {
            assertConnects("nbd+unix:///?socket=" + server.unixSocket(), "unix", "");
            assertConnects("NBD+UNIX:///?socket=" + server.unixSocket(), "unix", "");
            assertConnects(server.uri(), "unix", "");
        }
    }

    @Test
    void aUriNamesTheExport() throws IOException {
        // Given
        for (String name : List.of("one", "with space", "gr\u00fcn", "a+b")) {
            Files.write(directory.resolve(name), new byte[BLOCK]);
        }
        try (RealServer server = RealServer.nbdkit("file", "dir=" + directory)) {
            // When // Then
            for (String name : List.of("one", "with space", "gr\u00fcn", "a+b")) {
                assertConnects(server.uri(name), "unix", name);
            }
            assertConnects("nbd+unix:///gr%C3%BCn?socket=" + server.unixSocket(), "unix", "gr\u00fcn");
        }
    }

    @Test
    void theExportOfAUriReplacesTheBuilders() throws IOException {
        // Given
        Files.write(directory.resolve("one"), new byte[BLOCK]);
        try (RealServer server = RealServer.nbdkit("file", "dir=" + directory);
                NbdClient nbd = NbdClient.builder().exportName("nonesuch").build()) {
            // When
            await(nbd.connect(NbdTarget.uri(NbdUri.parse(server.uri("one")))));

            // Then
            assertThat(nbd.export().name()).isEqualTo("one");
        }
    }

    @Test
    void anAbstractSocketConnects() {
        assumeTrue(Epoll.isAvailable(), "no native epoll");
        // No server here can listen on one: what is checked is that the kernel looks for one.
        try (NbdClient nbd = NbdClient.builder().build()) {
            assertThat(failureOf(nbd.connectUri("nbd+unix:///?socket=%00nbd4j-nobody"), IOException.class))
                    .hasMessageContaining("@nbd4j-nobody")
                    .hasMessageContaining("refused");
        }
    }

    @Test
    void aUriThatCannotBeUnderstoodLeavesTheHandleCreated() {
        try (RealServer server = RealServer.nbdkit("memory", "1M");
                NbdClient nbd = NbdClient.builder().build()) {
            for (String wrong :
                    List.of("http://localhost/", "nbd://", "nbd+unix:///", "nbd://h/?tls=1", "nbd+ssh:///")) {
                // When
                InvalidRequestException failure = failureOf(nbd.connectUri(wrong), InvalidRequestException.class);

                // Then
                assertThat(failure.errno()).as(wrong).isEqualTo(NbdError.EINVAL);
                assertThat(nbd.state()).isEqualTo(ConnectionState.CREATED);
            }
            await(nbd.connectUri(server.uri()));
            assertThat(nbd.state()).isEqualTo(ConnectionState.READY);
        }
    }

    private static void assertConnects(String uri, String transport, String exportName) {
        try (NbdClient nbd = NbdClient.builder().build()) {
            // When
            await(nbd.connectUri(uri));

            // Then
            assertThat(nbd.transport()).contains(transport);
            assertThat(nbd.export().name()).isEqualTo(exportName);
            assertThat(NbdUri.isNbdUri(uri)).isTrue();
            assertThat(nbd.uri()).contains(NbdUri.parse(uri));
            await(nbd.pread(512, 0)).release();
            await(nbd.closeAsync());
            assertThat(nbd.uri()).contains(NbdUri.parse(uri));
        }
    }

    private static void assertUri(NbdTarget target, String uri) {
        try (NbdClient nbd = NbdClient.builder().build()) {
            assertThat(nbd.uri()).isEmpty();
            await(nbd.connect(target));
            assertThat(nbd.uri()).map(NbdUri::toString).contains(uri);
            await(nbd.pread(512, 0)).release();
        }
    }

    @Test
    void aHandleOfASocketHasAUri() {
        try (RealServer tcp = RealServer.nbdkitTcp("memory", "1M");
                RealServer unix = RealServer.nbdkit("memory", "1M")) {
            int port = tcp.port();
            assertUri(NbdTarget.tcp("localhost", port), "nbd://localhost:" + port + "/");
            assertUri(
                    NbdTarget.address(InetSocketAddress.createUnresolved("localhost", port)),
                    "nbd://localhost:" + port + "/");
            assertUri(
                    NbdTarget.address(new InetSocketAddress(InetAddress.getLoopbackAddress(), port)),
                    "nbd://127.0.0.1:" + port + "/");
            String uri = "nbd+unix:///?socket=" + unix.unixSocket();
            assertUri(NbdTarget.unix(unix.unixSocket()), uri);
            assertUri(NbdTarget.address(UnixDomainSocketAddress.of(unix.unixSocket())), uri);
            assertUri(
                    NbdTarget.address(new DomainSocketAddress(unix.unixSocket().toFile())), uri);
        }
    }

    @Test
    void theUriNamesTheExportThatWasChosenInOptionMode() throws IOException {
        // Given
        Files.write(directory.resolve("one"), new byte[BLOCK]);
        try (RealServer server = RealServer.nbdkit("file", "dir=" + directory);
                NbdClient nbd = NbdClient.builder().optionMode(true).build()) {
            await(nbd.connectUnix(server.unixSocket()));
            assertThat(nbd.uri().map(NbdUri::exportName)).contains("");

            // When
            await(nbd.negotiation().exportName("one").go());

            // Then
            assertThat(nbd.uri()).contains(NbdUri.parse(server.uri("one")));
        }
    }

    @Test
    void aCommandHasNoUri() {
        try (NbdClient nbd = NbdClient.builder().build()) {
            await(nbd.connectCommand("nbdkit", "-s", "memory", "1M"));
            assertThat(nbd.uri()).isEmpty();
        }
    }

    @Test
    void anAddressConnectsByTheShortCallToo() {
        try (RealServer server = RealServer.nbdkitTcp("memory", "1M");
                NbdClient nbd = NbdClient.builder().build()) {
            await(nbd.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port())));
            assertThat(nbd.export().size()).isEqualTo(1024 * 1024);
        }
    }
}
