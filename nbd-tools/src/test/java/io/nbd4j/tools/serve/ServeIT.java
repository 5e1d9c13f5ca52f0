package io.nbd4j.tools.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nbd4j.client.NbdClient;
import io.nbd4j.testkit.junit.RequiresServer;
import io.nbd4j.tools.NbdCommand;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServeIT {
    /** Listens, becomes another program, and leaves the socket to it as descriptor 3. */
    private static final String ACTIVATE = """
            use Socket;
            $^F = 1000;
            my $path = shift(@ARGV);
            socket(my $listener, PF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
            bind($listener, pack_sockaddr_un($path)) or die "bind: $!";
            listen($listener, 16) or die "listen: $!";
            fileno($listener) == 3 or die "the socket is descriptor " . fileno($listener);
            $ENV{LISTEN_PID} = $$;
            $ENV{LISTEN_FDS} = 1;
            exec(@ARGV) or die "exec: $!";
            """;

    @TempDir
    Path directory;

    @Test
    void servesMemoryOnAUnixSocketUntilItIsTerminated() throws Exception {
        // Given
        Path socket = directory.resolve("socket");
        NbdCommand serve = NbdCommand.start(directory, "serve", "--memory", "1t", "--unix", socket.toString());
        String uri = serve.firstLine();

        // When
        try (NbdClient nbd = NbdClient.builder().build()) {
            nbd.connectUri(uri).join();
            nbd.pwrite(Unpooled.wrappedBuffer(new byte[] {1, 2, 3}), (1L << 40) - 3)
                    .join();
            assertThat(read(nbd, (1L << 40) - 4, 4)).containsExactly(0, 1, 2, 3);
        }
        serve.process().destroy();

        // Then
        assertThat(uri).isEqualTo("nbd+unix:///?socket=" + socket);
        assertThat(serve.await()).isEqualTo(new NbdCommand.Result(143, uri + "\n", ""));
        assertThat(socket).doesNotExist();
    }

    @Test
    void endsAndRemovesItsSocketAtAnInterruptWithAClientConnected() throws Exception {
        // Given
        Path socket = directory.resolve("socket");
        NbdCommand serve = NbdCommand.start(directory, "serve", "--pattern", "1m", "--unix", socket.toString());
        String uri = serve.firstLine();
        try (NbdClient nbd = NbdClient.builder().build()) {
            nbd.connectUri(uri).join();

            // When
            NbdCommand.interrupt(serve.process());

            // Then
            assertThat(serve.await()).isEqualTo(new NbdCommand.Result(130, uri + "\n", ""));
            assertThat(socket).doesNotExist();
            Awaitility.await().until(nbd::isClosed);
        }
    }

    @Test
    void servesTheBeginningOfAFileOnAFreePortUnderAName() throws Exception {
        // Given
        Path file = Files.writeString(directory.resolve("disk"), "0123456789");
        NbdCommand serve = NbdCommand.start(
                directory,
                "serve",
                "--file",
                file.toString(),
                "--size",
                "8",
                "--port",
                "0",
                "--export",
                "a disk",
                "--description",
                "ten digits, but two");
        String uri = serve.firstLine();

        // When
        assertThat(uri).matches("nbd://127\\.0\\.0\\.1:[0-9]+/a%20disk");
        try (NbdClient nbd = NbdClient.builder().build()) {
            nbd.connectUri(uri).join();
            assertThat(nbd.export().size()).isEqualTo(8);
            assertThat(read(nbd, 6, 2)).containsExactly('6', '7');
            nbd.pwrite(Unpooled.wrappedBuffer(new byte[] {'x'}), 7).join();
            nbd.flush().join();
        }
        serve.process().destroy();
        serve.await();

        // Then
        assertThat(file).hasContent("0123456x89");
    }

    @Test
    void aFileThatIsServedReadOnlyNeedNotBeWritable() throws Exception {
        // Given
        Path file = Path.of("/proc/cpuinfo");
        Path copy = Files.write(directory.resolve("copy"), Files.readAllBytes(file));
        assertThat(copy.toFile().setReadOnly()).isTrue();
        NbdCommand serve =
                NbdCommand.start(directory, "serve", "--file", copy.toString(), "--read-only", "--port", "0");

        // When // Then
        try (NbdClient nbd = NbdClient.builder().build()) {
            nbd.connectUri(serve.firstLine()).join();
            assertThat(nbd.export().isReadOnly()).isTrue();
        }
        serve.process().destroy();
        serve.await();
    }

    @Test
    @RequiresServer("perl")
    void servesOnASocketThatWasHandedOver() throws Exception {
        // Given
        Path socket = directory.resolve("socket");
        List<String> argv = new ArrayList<>(List.of("perl", "-e", ACTIVATE, socket.toString()));
        argv.addAll(NbdCommand.argv(List.of(), "serve", "--memory", "1m"));
        NbdCommand serve = NbdCommand.startArgv(directory, argv);
        String uri = serve.firstLine();

        // When
        try (NbdClient nbd = NbdClient.builder().build()) {
            nbd.connectUri(uri).join();
            assertThat(nbd.export().size()).isEqualTo(1 << 20);
        }
        serve.process().destroy();

        // Then
        assertThat(uri).isEqualTo("nbd+unix:///?socket=" + socket);
        assertThat(serve.await().status()).isEqualTo(143);
        assertThat(socket).as("the socket of somebody else").exists();
    }

    @Test
    void goesWrongOnPurposeAndNamesTheFaultsThatDidNothing() throws Exception {
        // Given
        NbdCommand serve = NbdCommand.start(
                directory,
                "serve",
                "--memory",
                "1m",
                "--port",
                "0",
                "--fault",
                "on READ nth 2: refuse EIO",
                "--fault",
                "on TRIM always: drop");
        String uri = serve.firstLine();

        // When // Then
        try (NbdClient nbd = NbdClient.builder().build()) {
            nbd.connectUri(uri).join();
            assertThat(read(nbd, 0, 1)).containsExactly(0);
            assertThatThrownBy(() -> read(nbd, 0, 1)).hasMessageContaining("EIO");
            assertThat(read(nbd, 0, 1)).containsExactly(0);
        }
        serve.process().destroy();
        assertThat(serve.await())
                .isEqualTo(new NbdCommand.Result(
                        143, uri + "\n", "nbd serve: this fault did nothing: on TRIM always: drop (0 matches)\n"));
    }

    @Test
    void delaysAnAnswerOverStandardStreams() throws Exception {
        try (NbdClient nbd = NbdClient.builder().build()) {
            nbd.connectCommand(NbdCommand.argv(
                                    List.of(),
                                    "serve",
                                    "--stdio",
                                    "--memory",
                                    "1m",
                                    "--fault",
                                    "on READ nth 1: delay 10ms")
                            .toArray(String[]::new))
                    .join();
            assertThat(read(nbd, 0, 1)).containsExactly(0);
        }
    }

    @Test
    void aPortInUseIsOneLineAndStatusOne() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String port = String.valueOf(taken.getLocalPort());
            assertFails(
                    "cannot listen on 127.0.0.1:" + port + ": Address already in use",
                    "--memory",
                    "1m",
                    "--port",
                    port);
        }
    }

    @Test
    void aSocketInUseIsOneLineAndStatusOneAndStays() throws Exception {
        Path socket = Files.createFile(directory.resolve("socket"));
        assertFails(
                "cannot listen on " + socket + ": Address already in use",
                "--memory",
                "1m",
                "--unix",
                socket.toString());
        assertThat(socket).exists();
    }

    @Test
    void anExportLargerThanTheFileIsOneLineAndStatusOne() throws Exception {
        Path file = Files.writeString(directory.resolve("disk"), "0123456789");
        assertFails(
                file + ": it has 10 bytes, and the export would have 11", "--file", file.toString(), "--size", "11");
    }

    private void assertFails(String reason, String... options) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of("serve"));
        arguments.addAll(List.of(options));
        assertThat(NbdCommand.run(directory, arguments.toArray(String[]::new)))
                .isEqualTo(new NbdCommand.Result(1, "", "nbd serve: " + reason + "\n"));
    }

    private static byte[] read(NbdClient nbd, long offset, int length) {
        ByteBuf read = nbd.pread(length, offset).join();
        try {
            return ByteBufUtil.getBytes(read);
        } finally {
            read.release();
        }
    }
}
