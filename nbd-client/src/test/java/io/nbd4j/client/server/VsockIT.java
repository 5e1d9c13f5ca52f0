package io.nbd4j.client.server;

import static io.nbd4j.client.contract.Outcomes.await;
import static io.nbd4j.client.contract.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nbd4j.client.ConnectFailedException;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.NbdUri;
import io.nbd4j.client.contract.Loops;
import io.nbd4j.client.contract.Processes;
import io.nbd4j.testkit.junit.RequiresServer;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.VSockAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Connecting over vsock, to this machine where its kernel can do that. The time limit only ends what hangs. */
@Timeout(60)
class VsockIT {
    /** This machine, for kernels that have the loopback of vsock. */
    private static final int LOCAL = VSockAddress.VMADDR_CID_LOCAL;

    @TempDir
    Path directory;

    private static void requireVsock() {
        assumeTrue(Epoll.isAvailable(), "no native epoll");
        assumeTrue(Files.exists(Path.of("/dev/vsock")), "no /dev/vsock");
    }

    @Test
    @RequiresServer("nbdkit")
    void aServerOnThisMachineIsReached() throws IOException, InterruptedException {
        requireVsock();
        assumeTrue(Files.isDirectory(Path.of("/sys/module/vsock_loopback")), "no loopback of vsock");
        // Given
        long port = freeNumber();
        Path pidFile = directory.resolve("pid");
        Process server = new ProcessBuilder(
                        "nbdkit",
                        "-f",
                        "--vsock",
                        "--port",
                        String.valueOf(port),
                        "-P",
                        pidFile.toString(),
                        "memory",
                        "1M")
                .inheritIO()
                .start();
        try {
            Awaitility.await().until(() -> Files.exists(pidFile));
            for (NbdTarget target : new NbdTarget[] {
                NbdTarget.vsock(LOCAL, port),
                NbdTarget.address(new VSockAddress(LOCAL, (int) port)),
                NbdTarget.uri(NbdUri.parse("nbd+vsock://1:" + port + "/"))
            }) {
                try (NbdClient nbd = NbdClient.builder().build()) {
                    // When
                    await(nbd.connect(target));

                    // Then
                    assertThat(nbd.export().size()).isEqualTo(1024 * 1024);
                    assertThat(nbd.transport()).contains("vsock");
                    assertThat(nbd.uri()).map(NbdUri::toString).contains("nbd+vsock://1:" + port + "/");
                    Content.assertRead(nbd, new byte[8192], 0);
                }
            }
        } finally {
            Processes.kill(server.pid());
            server.waitFor(30, TimeUnit.SECONDS);
        }
    }

    /** A number that nobody else on this machine is likely to have chosen. */
    private static long freeNumber() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return 0x4000_0000L + socket.getLocalPort();
        }
    }

    @Test
    void nobodyThereIsAnErrorThatNamesThePlace() {
        requireVsock();
        try (NbdClient nbd =
                NbdClient.builder().connectTimeout(Duration.ofMillis(300)).build()) {
            // When
            ConnectFailedException failure =
                    failureOf(nbd.connectVsock(LOCAL, 0xfffffffeL), ConnectFailedException.class);

            // Then
            assertThat(failure).hasMessageStartingWith("can't connect to vsock:1:4294967294: ");
            assertThat(nbd.isDead()).isTrue();
            assertThat(nbd.uri()).map(NbdUri::toString).contains("nbd+vsock://1:4294967294/");
        }
    }

    @Test
    void withoutEpollItSaysSo() {
        try (NbdClient nbd = Loops.NIO.builder().build()) {
            assertThat(failureOf(nbd.connectVsock(2, 10809), ConnectFailedException.class))
                    .hasMessage("can't connect to vsock:2:10809: vsock needs native epoll");
        }
    }
}
