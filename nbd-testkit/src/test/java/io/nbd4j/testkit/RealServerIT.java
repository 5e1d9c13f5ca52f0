package io.nbd4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nbd4j.testkit.junit.RequiresServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RealServerIT {
    @TempDir
    Path directory;

    @Test
    @RequiresServer("nbdkit")
    void nbdkitGreetsOnAUnixSocketAndIsGoneAfterClose() throws IOException {
        // Given
        RealServer server = RealServer.nbdkit("memory", "1M");
        long pid = server.pid();

        // When
        String greeting = greeting(UnixDomainSocketAddress.of(server.unixSocket()));
        server.close();

        // Then
        assertThat(greeting).isEqualTo("NBDMAGIC");
        assertThat(ProcessHandle.of(pid).filter(ProcessHandle::isAlive)).isEmpty();
        assertThat(server.directory()).doesNotExist();
    }

    @Test
    @RequiresServer("nbdkit")
    void nbdkitGreetsOnATcpPort() throws IOException {
        // Given
        try (RealServer server = RealServer.nbdkitTcp("memory", "1M")) {
            // When // Then
            assertThat(greeting(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port())))
                    .isEqualTo("NBDMAGIC");
            assertThat(server.uri()).isEqualTo("nbd://127.0.0.1:" + server.port() + "/");
        }
    }

    @Test
    @RequiresServer("qemu-nbd")
    void qemuNbdGreets() throws IOException {
        // Given
        Path image = Files.write(directory.resolve("image"), new byte[65536]);
        try (RealServer server = RealServer.qemuNbd(image, "-f", "raw")) {
            // When // Then
            assertThat(greeting(UnixDomainSocketAddress.of(server.unixSocket())))
                    .isEqualTo("NBDMAGIC");
            assertThat(greeting(UnixDomainSocketAddress.of(server.unixSocket())))
                    .isEqualTo("NBDMAGIC");
        }
    }

    @Test
    @RequiresServer("nbd-server")
    void nbdServerGreetsOnBothKindsOfSocketAndIsGoneAfterClose() throws IOException {
        // Given
        Path image = Files.write(directory.resolve("image"), new byte[65536]);
        String exports = "[disk]\nexportname = " + image + "\n";
        RealServer unix = RealServer.nbdServer(exports);
        RealServer tcp = RealServer.nbdServerTcp(exports);
        long pid = unix.pid();

        // When
        String overUnix = greeting(UnixDomainSocketAddress.of(unix.unixSocket()));
        String overTcp = greeting(new InetSocketAddress(InetAddress.getLoopbackAddress(), tcp.port()));
        unix.close();
        tcp.close();

        // Then
        assertThat(overUnix).isEqualTo("NBDMAGIC");
        assertThat(overTcp).isEqualTo("NBDMAGIC");
        assertThat(ProcessHandle.of(pid).filter(ProcessHandle::isAlive)).isEmpty();
    }

    @Test
    @RequiresServer("nbdkit")
    void aServerThatDoesNotComeUpIsQuoted() {
        // Given // When // Then
        assertThatThrownBy(() -> RealServer.nbdkit("no-such-plugin"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no-such-plugin");
    }

    private static String greeting(SocketAddress address) throws IOException {
        try (SocketChannel channel = SocketChannel.open(address);
                InputStream in = Channels.newInputStream(channel)) {
            return new String(in.readNBytes(8), StandardCharsets.US_ASCII);
        }
    }
}
