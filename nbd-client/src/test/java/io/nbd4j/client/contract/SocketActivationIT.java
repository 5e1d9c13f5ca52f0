package io.nbd4j.client.contract;

import static io.nbd4j.client.contract.Outcomes.await;
import static io.nbd4j.client.contract.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nbd4j.client.ConnectionState;
import io.nbd4j.client.ExitStatus;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdException;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdMultiDevice;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.NbdTarget.SocketActivation;
import io.nbd4j.client.NbdUri;
import io.nbd4j.client.Subprocess;
import io.nbd4j.client.SubprocessException;
import io.nbd4j.client.SubprocessTransport;
import io.nbd4j.testkit.junit.RequiresServer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Servers that are given a socket to listen on. The time limit only ends what hangs. */
@RequiresServer("nbdkit")
@Timeout(120)
class SocketActivationIT {
    private static final int MEBI = 1024 * 1024;
    private static final Duration FOR_EVER = Duration.ofHours(1);

    /** Says on its standard error where its descriptor 3 listens. */
    private static final String WHERE =
            "grep \" $(readlink /proc/$$/fd/3 | tr -dc 0-9) \" /proc/net/unix | sed 's/.* /socket=/' >&2; ";

    private final List<NbdClient> clients = new ArrayList<>();

    /** The shell stays, and does as its script says; its server goes with it. */
    private static final String NBDKIT_AS_A_CHILD = "sh -c 'LISTEN_PID=$$ exec nbdkit --exit-with-parent memory 1M'";

    @TempDir
    Path directory;

    @AfterEach
    void closeClients() {
        clients.forEach(nbd -> await(nbd.closeAsync()));
    }

    private static boolean isPossible() {
        return Runtime.version().feature() >= 22 && Epoll.isAvailable();
    }

    private static void requireActivation() {
        assumeTrue(isPossible(), "it needs JDK 22 and native epoll");
    }

    private NbdClient client() {
        NbdClient nbd = NbdClient.builder().graceTimeout(FOR_EVER).build();
        clients.add(nbd);
        return nbd;
    }

    private static SocketActivation shell(String script) {
        return NbdTarget.socketActivation("sh", "-c", script);
    }

    private static Path socketOf(NbdClient nbd) {
        return Path.of(nbd.uri().map(NbdUri::socketPath).orElseThrow());
    }

    private static void assertRemoved(Path socket) {
        assertThat(socket).doesNotExist();
        assertThat(socket.getParent()).doesNotExist();
    }

    /** Returns what the {@link #WHERE} of a child has said. */
    private static Path socketIn(String stderr) {
        Matcher said = Pattern.compile("socket=(\\S+)").matcher(stderr);
        assertThat(said.find()).as(stderr).isTrue();
        return Path.of(said.group(1));
    }

    @Test
    void nbdkitServes() {
        requireActivation();
        // Given
        NbdClient nbd = client();

        // When
        await(nbd.connectSocketActivation("nbdkit", "memory", "1M"));

        // Then
        assertThat(nbd.isReady()).isTrue();
        assertThat(nbd.export().size()).isEqualTo(MEBI);
        assertThat(nbd.transport()).contains("unix");
        assertThat(nbd.subprocess().map(Subprocess::transport)).contains(SubprocessTransport.SOCKET_ACTIVATION);
        assertThat(nbd.subprocess().map(Subprocess::argv)).contains(List.of("nbdkit", "memory", "1M"));
        ByteBuf read = await(nbd.pread(512, MEBI - 512));
        assertThat(read.readableBytes()).isEqualTo(512);
        read.release();
    }

    @Test
    @RequiresServer("qemu-nbd")
    void qemuNbdServesAnImage() throws IOException {
        requireActivation();
        // Given
        Path image = Files.write(directory.resolve("image"), new byte[MEBI]);
        NbdClient nbd = NbdClient.builder().exportName("/").build();
        clients.add(nbd);

        // When
        await(nbd.connectSocketActivation("qemu-nbd", "-f", "raw", "-x", "/", image.toString()));
        await(nbd.pwrite(Unpooled.copiedBuffer("written", StandardCharsets.UTF_8), 512));
        await(nbd.flush());

        // Then
        assertThat(nbd.export().size()).isEqualTo(MEBI);
        ByteBuf read = await(nbd.pread(7, 512));
        assertThat(read.toString(StandardCharsets.UTF_8)).isEqualTo("written");
        read.release();
        assertThat(new String(Files.readAllBytes(image), 512, 7, StandardCharsets.UTF_8))
                .isEqualTo("written");
    }

    @Test
    void anotherHandleConnectsByItsUri() {
        requireActivation();
        // Given
        NbdClient first = client();
        await(first.connectSocketActivation("nbdkit", "memory", "1M"));
        await(first.pwrite(Unpooled.copiedBuffer("shared", StandardCharsets.UTF_8), 0));

        // When
        NbdClient second = client();
        await(second.connectUri(first.uri().orElseThrow().toString()));

        // Then
        ByteBuf read = await(second.pread(6, 0));
        assertThat(read.toString(StandardCharsets.UTF_8)).isEqualTo("shared");
        read.release();
        assertThat(second.subprocess()).isEmpty();
        await(second.closeAsync());
        assertThat(first.isReady()).isTrue();
    }

    @Test
    void aDeviceOfSeveralConnectionsHasOne() {
        requireActivation();
        try (NbdMultiDevice device =
                await(NbdClient.builder().connectMulti(NbdTarget.socketActivation("nbdkit", "memory", "1M"), 4))) {
            assertThat(device.connections()).hasSize(1);
        }
    }

    @Test
    void theChildIsToldWhatSystemdTells() throws IOException {
        requireActivation();
        // Given
        Path seen = directory.resolve("seen");
        NbdClient nbd = client();

        // When
        await(nbd.connect(shell("env | grep ^LISTEN_ | sort >" + seen + "; "
                        // Nothing is started for this, which would show what the shell opens for it.
                        + "for n in 0 1 2 3 4 5 6 7 8 9; do if [ -e /proc/$$/fd/$n ]; then open=$open$n; fi; done; "
                        + "echo $open >>" + seen + "; exec nbdkit memory 1M")
                .withEnvironment("LISTEN_PID", "1")
                .withEnvironment("LISTEN_FDS", "7")
                .withEnvironment("LISTEN_FDNAMES", "a:b")
                .withEnvironment("LISTEN_PIDFDID", "1")));

        // Then
        long pid = nbd.subprocess().map(Subprocess::pid).orElseThrow();
        assertThat(Files.readAllLines(seen))
                .containsExactly("LISTEN_FDNAMES=unknown", "LISTEN_FDS=1", "LISTEN_PID=" + pid, "0123");
    }

    @Test
    void theChildIsToldTheNameOfTheSocket() throws IOException {
        requireActivation();
        // Given
        Path seen = directory.resolve("seen");
        NbdClient nbd = client();

        // When
        await(nbd.connect(shell("echo $LISTEN_FDNAMES >" + seen + "; exec nbdkit memory 1M")
                .withName("nbd0")));

        // Then
        assertThat(seen).hasContent("nbd0\n");
    }

    @Test
    void theChildRunsInTheDirectoryThatWasAskedFor() {
        requireActivation();
        // Given
        NbdClient nbd = client();

        // When
        await(nbd.connect(shell("pwd >seen; exec nbdkit memory 1M").withDirectory(directory)));

        // Then
        assertThat(directory.resolve("seen")).hasContent(directory + "\n");
    }

    @Test
    void aScriptWithoutAnInterpreterIsRunByTheShell() throws IOException {
        requireActivation();
        // Given
        Path script = Files.writeString(directory.resolve("script"), "exec nbdkit memory \"$1\"\n");
        assertThat(script.toFile().setExecutable(true)).isTrue();
        NbdClient nbd = client();

        // When
        await(nbd.connectSocketActivation(script.toString(), "2M"));

        // Then
        assertThat(nbd.export().size()).isEqualTo(2 * MEBI);
    }

    @Test
    void closingEndsTheServerAtOnceAndRemovesTheSocket() {
        requireActivation();
        // Given
        NbdClient nbd = client();
        await(nbd.connectSocketActivation("nbdkit", "memory", "1M"));
        Path socket = socketOf(nbd);
        assertThat(socket).exists();
        long pid = nbd.subprocess().map(Subprocess::pid).orElseThrow();

        // When
        await(nbd.closeAsync());

        // Then
        assertThat(nbd.isClosed()).isTrue();
        assertThat(Processes.isGone(pid)).isTrue();
        assertRemoved(socket);
    }

    @Test
    void closingSendsSigterm() {
        requireActivation();
        // Given
        Path told = directory.resolve("told");
        NbdClient nbd = client();
        await(nbd.connect(
                shell("trap 'echo TERM >" + told + "; kill $!; exit 0' TERM; " + NBDKIT_AS_A_CHILD + " & wait")));
        assertThat(told).doesNotExist();

        // When
        await(nbd.closeAsync());

        // Then
        assertThat(told).hasContent("TERM\n");
        assertThat(nbd.subprocess().flatMap(Subprocess::exitStatus)).contains(ExitStatus.exited(0));
    }

    @Test
    void aServerAndTheRequestsInFlightEndThoughTheEventLoopDoesFirst() {
        requireActivation();
        // Given
        IoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        NbdClient nbd =
                NbdClient.builder().graceTimeout(FOR_EVER).eventLoopGroup(group).build();
        await(nbd.connectSocketActivation("nbdkit", "--filter=delay", "memory", "1M", "rdelay=3600"));
        Path socket = socketOf(nbd);
        Subprocess server = nbd.subprocess().orElseThrow();
        NbdFuture<ByteBuf> read = nbd.pread(512, 0);

        // When
        // Without quiet time Netty may not get to closing the channels.
        group.shutdownGracefully(10, 10_000, TimeUnit.MILLISECONDS).syncUninterruptibly();

        // Then
        failureOf(read, NbdException.class);
        await(server.onExit());
        assertRemoved(socket);
    }

    @Test
    void aServerThatIsKilledLeavesNoSocket() {
        requireActivation();
        // Given
        NbdClient nbd = client();
        await(nbd.connectSocketActivation("nbdkit", "memory", "1M"));
        Path socket = socketOf(nbd);
        Subprocess server = nbd.subprocess().orElseThrow();

        // When
        Processes.kill(server.pid());

        // Then
        assertThat(await(server.onExit())).isEqualTo(ExitStatus.signalled(9));
        assertRemoved(socket);
        await().until(() -> !nbd.isReady());
    }

    @Test
    void aServerThatEndsEarlyIsReported() {
        requireActivation();
        // Given
        NbdClient nbd = client();

        // When
        SubprocessException failure =
                failureOf(nbd.connect(shell(WHERE + "echo broken >&2; exit 3")), SubprocessException.class);

        // Then
        assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
        assertThat(failure.exitStatus()).isEqualTo(ExitStatus.exited(3));
        assertThat(failure).hasMessageContaining("broken");
        await(nbd.closeAsync());
        assertRemoved(socketIn(failure.stderrTail()));
    }

    @Test
    void aServerThatDoesNotAcceptEndsWithTheAttempt() {
        requireActivation();
        // Given
        NbdClient nbd = client();
        NbdFuture<NbdClient> connecting = nbd.connectSocketActivation("sleep", "1000");
        await().until(() -> nbd.subprocess().isPresent());
        Path socket = socketOf(nbd);
        assertThat(nbd.isConnecting()).isTrue();
        assertThat(socket).exists();

        // When
        connecting.cancel(false);

        // Then
        failureOf(connecting, CancellationException.class);
        await(nbd.closeAsync());
        assertThat(nbd.isDead()).isTrue();
        assertThat(nbd.subprocess().flatMap(Subprocess::exitStatus)).contains(ExitStatus.signalled(15));
        assertRemoved(socket);
    }

    @Test
    void closingWhileItStartsEndsIt() {
        requireActivation();
        // Given
        NbdClient nbd = client();

        // When
        NbdFuture<NbdClient> connecting = nbd.connectSocketActivation("sleep", "1000");
        await(nbd.closeAsync());

        // Then
        failureOf(connecting, IOException.class);
        assertThat(nbd.isClosed() || nbd.isDead()).isTrue();
    }

    @Test
    void aCommandThatIsNotFoundIsTheSameErrorAsElsewhere() {
        requireActivation();
        // Given
        NbdClient nbd = client();

        // When
        SubprocessException failure =
                failureOf(nbd.connectSocketActivation("no-such-server", "x"), SubprocessException.class);

        // Then
        assertThat(failure).hasMessage("command not found: no-such-server");
        assertThat(failure.argv()).containsExactly("no-such-server", "x");
        assertThat(nbd.isDead()).isTrue();
    }

    @Test
    void aJvmThatExitsEndsTheServerAndRemovesTheSocket() throws Exception {
        requireActivation();
        try (OtherJvm jvm = OtherJvm.thatExits(NbdTarget.socketActivation("nbdkit", "memory", "1M"))) {
            // When
            int status = jvm.waitForExit();

            // Then
            assertThat(status).isZero();
            assertRemoved(jvm.socket());
            await().until(() -> Processes.isGone(jvm.childPid()));
        }
    }

    @Test
    void sigtermToTheJvmEndsAServerThatIgnoresItAndRemovesTheSocket() throws Exception {
        requireActivation();
        try (OtherJvm jvm = OtherJvm.thatStays(shell("trap '' TERM; " + NBDKIT_AS_A_CHILD + " & wait"))) {
            assertThat(jvm.socket()).exists();

            // When
            Processes.signal("TERM", jvm.pid());
            jvm.waitForExit();

            // Then
            assertRemoved(jvm.socket());
            await().until(() -> Processes.isGone(jvm.childPid()));
        }
    }

    @Test
    void onAnOlderJavaItSaysWhatToUseInstead() {
        assumeFalse(isPossible(), "it works here");
        // Given
        NbdClient nbd = client();

        // When
        SubprocessException failure =
                failureOf(nbd.connectSocketActivation("nbdkit", "memory", "1M"), SubprocessException.class);

        // Then
        assertThat(failure)
                .hasMessageContaining("can't start nbdkit memory 1M: socket activation is not available")
                .hasMessageContaining("nbdkit -U PATH")
                .hasMessageContaining("connectUnix");
        assertThat(nbd.isDead()).isTrue();
    }
}
