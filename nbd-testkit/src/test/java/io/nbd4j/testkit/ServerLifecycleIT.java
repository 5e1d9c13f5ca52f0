package io.nbd4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.Pipe;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ServerLifecycleIT {
    private static final String GREETING = "'NBDMAGIC' 'IHAVEOPT' 0003";
    private static final String GO_ACK = "0003e889045565a9 00000007 00000001 00000000";

    @TempDir
    Path directory;

    @Test
    void aPortInUseIsAnErrorThatSaysSo() {
        try (TestServer first = TestServer.builder().start()) {
            assertThatThrownBy(() -> TestServer.builder().tcp(first.port()).start())
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining("Address already in use");
        }
    }

    @Test
    void aSocketInUseIsAnErrorAndStays() {
        Path socket = directory.resolve("socket");
        try (TestServer first = TestServer.builder().unixSocket(socket).start()) {
            assertThatThrownBy(() -> TestServer.builder().unixSocket(socket).start())
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining("Address already in use");
            assertThat(first.socketPath()).exists();
        }
        assertThat(socket).doesNotExist();
    }

    @Test
    void aFileInTheWayIsNotDeleted() throws IOException {
        // Given
        Path file = Files.writeString(directory.resolve("precious"), "data");

        // When // Then
        assertThatThrownBy(() -> TestServer.builder().unixSocket(file).start())
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("precious");
        assertThat(file).hasContent("data");
    }

    @Test
    void closingEndsConnectionsAndRemovesTheSocket() throws Exception {
        // Given
        TestServer server = TestServer.builder().unixSocket().start();
        RawClient client = RawClient.connect(UnixDomainSocketAddress.of(server.socketPath()));
        client.expect(GREETING);

        // When
        server.close();

        // Then
        client.expectEnd();
        client.close();
        assertThat(server.socketPath()).doesNotExist();
        assertThat(server.socketPath().getParent()).doesNotExist();
    }

    @Test
    void refusesTwoExportsOfOneNameAndNamesThatAreNone() {
        TestServer.Builder builder = TestServer.builder().export("a", MemoryExport.ofSize(1));
        assertThatThrownBy(() -> builder.export("a", MemoryExport.ofSize(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'a'");
        assertThatThrownBy(() -> builder.export("x".repeat(4097), MemoryExport.ofSize(1)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.export("x\0", MemoryExport.ofSize(1)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void uriNamesTheExportAndTheSocket() {
        Path socket = directory.resolve("a socket");
        try (TestServer server = TestServer.builder().unixSocket(socket).start()) {
            assertThat(server.uri("my disk/1"))
                    .isEqualTo("nbd+unix:///my%20disk%2F1?socket="
                            + socket.toString().replace(" ", "%20"));
        }
    }

    @Test
    void severalConnectionsShareOneDisk() throws Exception {
        try (TestServer server = TestServer.builder()
                        .export("disk", MemoryExport.ofSize(1 << 20))
                        .unixSocket()
                        .start();
                RawClient writer = transmission(server);
                RawClient reader = transmission(server)) {
            writer.send("25609513 0000 0001 00000000000000a1 0000000000000010 00000003 'abc'")
                    .expect("67446698 00000000 00000000000000a1");
            reader.send("25609513 0000 0000 00000000000000b1 000000000000000f 00000004")
                    .expect("67446698 00000000 00000000000000b1 00 'abc'");
        }
    }

    @Test
    void aClientThatHalfClosesGetsTheRepliesThatItIsOwed() throws Exception {
        try (TestServer server = TestServer.builder()
                        .export("disk", PatternExport.ofSize(1 << 30))
                        .unixSocket()
                        .start();
                SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(server.socketPath()))) {
            // Given
            RawClient client =
                    new RawClient(Channels.newInputStream(channel), Channels.newOutputStream(channel), channel);
            client.send("00000003 'IHAVEOPT' 00000007 0000000a 00000004 'disk' 0000")
                    .expect(GREETING);
            client.read(32);
            client.expect(GO_ACK);

            // When
            client.send("25609513 0000 0000 00000000000000b1 0000000000000008 00200000".repeat(8));
            channel.shutdownOutput();

            // Then
            for (int i = 0; i < 8; i++) {
                client.expect("67446698 00000000 00000000000000b1 0000000000000008");
                assertThat(client.read((2 << 20) - 8)).hasSize((2 << 20) - 8);
            }
            client.expectEnd();
        }
    }

    @Test
    void servesByteChannelsOfAnyKind() throws Exception {
        // Given
        Pipe toServer = Pipe.open();
        Pipe fromServer = Pipe.open();
        Thread serving = new Thread(() -> TestServer.builder()
                .export("", PatternExport.ofSize(4096))
                .serve(toServer.source(), fromServer.sink()));
        serving.start();
        RawClient client = new RawClient(
                Channels.newInputStream(fromServer.source()),
                Channels.newOutputStream(toServer.sink()),
                toServer.sink());

        // When
        client.expect(GREETING).send("00000003 'IHAVEOPT' 00000002 00000000");

        // Then
        client.expect("0003e889045565a9 00000002 00000001 00000000").expectEnd();
        serving.join();
        client.close();
        fromServer.source().close();
    }

    @Test
    void anAnswerThatIsDelayedComesThoughTheClientSaysNothing() throws Exception {
        // Given
        Pipe toServer = Pipe.open();
        Pipe fromServer = Pipe.open();
        Thread serving = new Thread(() -> TestServer.builder()
                .export("", PatternExport.ofSize(4096))
                .faults("on ABORT always: delay 10ms")
                .serve(toServer.source(), fromServer.sink()));
        serving.start();
        RawClient client = new RawClient(
                Channels.newInputStream(fromServer.source()),
                Channels.newOutputStream(toServer.sink()),
                toServer.sink());

        // When
        client.expect(GREETING).send("00000003 'IHAVEOPT' 00000002 00000000");

        // Then
        client.expect("0003e889045565a9 00000002 00000001 00000000").expectEnd();
        serving.join();
        client.close();
        fromServer.source().close();
    }

    @Test
    void descriptorsThatDoNotBlockAreServedToo() throws Exception {
        // Given
        Pipe toServer = Pipe.open();
        Pipe fromServer = Pipe.open();
        toServer.source().configureBlocking(false);
        fromServer.sink().configureBlocking(false);
        Thread serving = new Thread(() -> TestServer.builder()
                .export("", PatternExport.ofSize(32 << 20))
                .serve(toServer.source(), fromServer.sink()));
        serving.start();
        RawClient client = new RawClient(
                Channels.newInputStream(fromServer.source()),
                Channels.newOutputStream(toServer.sink()),
                toServer.sink());

        // When
        client.expect(GREETING).send("00000003 'IHAVEOPT' 00000001 00000000").expect("0000000002000000 050f");
        client.send("25609513 0000 0000 00000000000000b1 0000000000000000 00200000");

        // Then
        client.expect("67446698 00000000 00000000000000b1 0000000000000000 0000000000000008");
        assertThat(client.read((2 << 20) - 16)).hasSize((2 << 20) - 16);
        toServer.sink().close();
        client.expectEnd();
        serving.join();
        fromServer.source().close();
    }

    @Test
    void whatCannotBeListenedOnIsNamedInOneLineThatSaysWhy() throws IOException {
        try (TestServer first = TestServer.builder().start()) {
            assertThatThrownBy(() -> TestServer.builder().tcp(first.port()).start())
                    .hasMessage("cannot listen on 127.0.0.1:" + first.port() + ": Address already in use");
        }
        Path missing = directory.resolve("missing").resolve("socket");
        assertThatThrownBy(() -> TestServer.builder().unixSocket(missing).start())
                .hasMessage("cannot listen on " + missing + ": No such file or directory");
        Path tooLong = directory.resolve("x".repeat(108));
        assertThatThrownBy(() -> TestServer.builder().unixSocket(tooLong).start())
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageStartingWith("cannot listen on " + tooLong + ": ");
        try (var files = Files.list(directory)) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void adoptsNothingButAListeningSocket() {
        assertThatThrownBy(() -> TestServer.builder().adoptedSocket(1_000_000).start())
                .isInstanceOf(UncheckedIOException.class)
                .hasMessage("cannot listen on descriptor 1000000: Bad file descriptor");
        assertThatThrownBy(() -> TestServer.builder().adoptedSocket(0).start())
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageMatching(
                        "cannot listen on descriptor 0: (Socket operation on non-socket|the socket does not listen)");
        assertThatThrownBy(() -> TestServer.builder().adoptedSocket(-1)).isInstanceOf(IllegalArgumentException.class);
    }

    private static RawClient transmission(TestServer server) throws IOException {
        RawClient client = RawClient.connect(UnixDomainSocketAddress.of(server.socketPath()));
        client.send("00000003 'IHAVEOPT' 00000007 0000000a 00000004 'disk' 0000")
                .expect(GREETING);
        client.read(32);
        return client.expect(GO_ACK);
    }

    @Test
    void leavesNothingBehindWhenTheSocketCannotBeMade() throws IOException {
        // Given
        Path socket = directory.resolve("no-such-directory").resolve("socket");

        // When // Then
        assertThatThrownBy(() -> TestServer.builder().unixSocket(socket).start())
                .isInstanceOf(UncheckedIOException.class);
        try (var files = Files.list(directory)) {
            assertThat(files).isEmpty();
        }
    }
}
