package io.nbd4j.client.contract;

import static io.nbd4j.client.contract.Outcomes.await;
import static io.nbd4j.client.contract.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.ConnectionState;
import io.nbd4j.client.ExitStatus;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdClientBuilder;
import io.nbd4j.client.NbdException;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.NbdTimeoutException;
import io.nbd4j.client.RequestFate;
import io.nbd4j.client.StderrPolicy;
import io.nbd4j.client.Subprocess;
import io.nbd4j.client.SubprocessException;
import io.nbd4j.client.SubprocessTransport;
import io.nbd4j.client.internal.subprocess.LaunchSpec;
import io.nbd4j.client.internal.subprocess.Launched;
import io.nbd4j.client.internal.subprocess.ladder.Launcher;
import io.nbd4j.codec.NbdError;
import io.nbd4j.testkit.junit.RequiresServer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelPromise;
import io.netty.channel.IoEventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is true of a server that is started as a child, on every rung of the ladder. The time limit only ends what hangs. */
@RequiresServer("nbdkit")
@Timeout(120)
abstract class SubprocessContract {
    private static final int BLOCK = 4096;
    private static final Duration SHORT = Duration.ofMillis(200);
    private static final Duration LONG = Duration.ofSeconds(60);

    private final SubprocessTransport rung;
    private final List<NbdClient> clients = new ArrayList<>();

    @TempDir
    Path directory;

    SubprocessContract(SubprocessTransport rung) {
        this.rung = rung;
    }

    @BeforeEach
    void requireRung() {
        String reason = new ChildSetting(rung).unavailableBecause();
        assumeTrue(reason == null, reason);
    }

    @AfterEach
    void closeClients() {
        clients.forEach(nbd -> await(nbd.closeAsync()));
    }

    // ---- What can't be started

    @Test
    void aNullListArrayOrElementIsANullPointerExceptionAtOnce() {
        // Given
        NbdClient nbd = client();

        // When // Then
        assertThatThrownBy(() -> nbd.connectCommand(nothing(List.class))).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> nbd.connectCommand(nothing(String[].class))).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> nbd.connectCommand("nbdkit", nothing(String.class)))
                .isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> nbd.connectCommand(Arrays.asList("nbdkit", nothing(String.class))))
                .isInstanceOf(NullPointerException.class);
        NbdTarget noTarget = nothing(NbdTarget.class);
        assertThatThrownBy(() -> nbd.connect(noTarget)).isInstanceOf(NullPointerException.class);
        assertThat(nbd.state()).isEqualTo(ConnectionState.CREATED);
        await(nbd.connect(nbdkit("memory", "1M")));
    }

    @Test
    void anEmptyArgvOrAnEmptyCommandFailsWithEinvalAndASecondConnectWorks() {
        // Given
        NbdClient nbd = client();

        // When
        InvalidRequestException noWords = failureOf(nbd.connect(command()), InvalidRequestException.class);
        InvalidRequestException noName = failureOf(nbd.connect(command("", "-s")), InvalidRequestException.class);

        // Then
        assertThat(noWords.errno()).isEqualTo(NbdError.EINVAL);
        assertThat(noName.errno()).isEqualTo(NbdError.EINVAL);
        assertThat(nbd.state()).isEqualTo(ConnectionState.CREATED);
        await(nbd.connect(nbdkit("memory", "1M")));
        assertWorks(nbd);
    }

    @Test
    void aMissingCommandFailsAtOnce() {
        assertNotStarted(command("nbd4j-no-such-command", "-s"), "command not found: nbd4j-no-such-command");
        assertNotStarted(command("/nonesuch/server"), "/nonesuch/server");
    }

    @Test
    void aCommandThatIsNotExecutableFailsAtOnce() throws IOException {
        Path file = Files.writeString(directory.resolve("server"), "exec nbdkit -s memory 1M\n");
        assertNotStarted(command(file.toString()), "not executable: " + file);
    }

    @Test
    void aDirectoryAsCommandFailsAtOnce() {
        assertNotStarted(command(directory.toString()), "is a directory: " + directory);
    }

    @Test
    void aMissingWorkingDirectoryFailsAtOnce() {
        Path missing = directory.resolve("missing");
        assertNotStarted(nbdkit("memory", "1M").withDirectory(missing), "no such working directory: " + missing);
    }

    private void assertNotStarted(NbdTarget target, String message) {
        // Given
        NbdClient nbd = client();

        // When
        SubprocessException failure = failureOf(nbd.connect(target), SubprocessException.class);

        // Then
        assertThat(failure).hasMessageContaining(message);
        assertThat(failure.exitStatus()).isNull();
        assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
        assertThat(nbd.subprocess()).isEmpty();
        await(nbd.closeAsync());
    }

    // ---- Children that don't serve

    @Test
    void aChildThatExitsBeforeTheHandshakeFailsWithArgvStatusAndStderr() {
        // Given
        NbdClient nbd = client();

        // When
        SubprocessException failure =
                failureOf(nbd.connect(shell("echo no disk today >&2; exit 3")), SubprocessException.class);

        // Then
        assertThat(failure.argv()).startsWith("sh", "-c");
        assertThat(failure.exitStatus()).isEqualTo(ExitStatus.exited(3));
        assertThat(failure.stderrTail()).isEqualTo("no disk today\n");
        assertThat(failure).hasMessageContaining("exit status 3").hasMessageContaining("no disk today");
        assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
    }

    @Test
    void aChildThatIsKilledBeforeTheHandshakeFailsWithTheSignal() {
        // Given
        NbdClient nbd = client();

        // When
        SubprocessException failure = failureOf(nbd.connect(shell("kill -KILL $$")), SubprocessException.class);

        // Then
        assertThat(failure.exitStatus()).isEqualTo(ExitStatus.signalled(9));
        assertThat(failure).hasMessageContaining("SIGKILL");
        assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
    }

    @Test
    void aChildThatExitsDuringTheHandshakeFailsWithStatusAndStderr() {
        // Given
        NbdClient nbd = client();
        NbdTarget halfway = shell("printf 'NBDMAGICIHAVEOPT\\0\\003'; head -c 4 >/dev/null; echo enough >&2; exit 4");

        // When
        SubprocessException failure = failureOf(nbd.connect(halfway), SubprocessException.class);

        // Then
        assertThat(failure.exitStatus()).isEqualTo(ExitStatus.exited(4));
        assertThat(failure.stderrTail()).isEqualTo("enough\n");
        assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
    }

    @Test
    void aChildThatExitsInOrderBeforeTheHandshakeGetsAHint() {
        // Given // When
        SubprocessException failure = failureOf(client().connect(command("true")), SubprocessException.class);

        // Then
        assertThat(failure.exitStatus()).isEqualTo(ExitStatus.exited(0));
        assertThat(failure).hasMessageContaining("nbdkit needs -s");
    }

    @Test
    void aChildThatWritesWhatIsNotNbdFailsAndItsFirstBytesAreQuoted() {
        // Given
        NbdClient nbd = client();

        // When
        NbdException failure = failureOf(
                nbd.connect(shell("printf 'SSH-2.0-Open\\001\\n and so on'; exec cat")), SubprocessException.class);

        // Then
        assertThat(failure).hasMessageContaining("SSH-2.0-Open").hasMessageNotContaining("\u0001");
        assertThat(failure.getMessage()).doesNotContain("\n");
        assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
        await(nbd.subprocess().orElseThrow().onExit());
    }

    @Test
    void aChildThatSaysNothingFailsAtTheTimeoutAndIsEnded() {
        // Given
        NbdClient nbd = client(NbdClient.builder().handshakeTimeout(SHORT));

        // When
        failureOf(nbd.connect(command("sleep", "1000")), NbdTimeoutException.class);

        // Then
        assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
        Subprocess child = nbd.subprocess().orElseThrow();
        assertThat(await(child.onExit())).isEqualTo(ExitStatus.signalled(15));
        assertThat(child.exitStatus()).contains(ExitStatus.signalled(15));
    }

    // ---- Grandchildren

    @Test
    void aGrandchildThatKeepsTheSocketAfterTheChildsExitKeepsTheConnectionUntilEof() throws IOException {
        // Given
        NbdClient nbd = client();
        Path pid = directory.resolve("grandchild");
        await(nbd.connect(shell("exec 3<&0; sleep 1000 <&3 & echo $! >" + pid + "; exec nbdkit -s memory 1M")));
        Subprocess child = nbd.subprocess().orElseThrow();

        // When
        Processes.kill(child.pid());
        await(child.onExit());

        // Then
        assertThat(nbd.state()).isEqualTo(ConnectionState.READY);
        Processes.kill(Long.parseLong(Files.readString(pid).trim()));
        await().until(() -> !nbd.isReady());
        assertThat(nbd.state()).isEqualTo(ConnectionState.CLOSED);
    }

    @Test
    void aGrandchildThatKeepsTheSocketDoesNotKeepAHandshakeThatDoesNotGoOn() throws IOException {
        // Given
        NbdClient nbd = client();
        Path pid = directory.resolve("grandchild");

        // When
        SubprocessException failure = failureOf(
                nbd.connect(shell("exec 3<&0; sleep 1000 <&3 & echo $! >" + pid + "; exit 5")),
                SubprocessException.class);

        // Then
        assertThat(failure.exitStatus()).isEqualTo(ExitStatus.exited(5));
        assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
        await(nbd.closeAsync());
        Processes.kill(Long.parseLong(Files.readString(pid).trim()));
    }

    // ---- Who calls, and how often

    @Test
    void whenCalledFromAThreadThatEndsAtOnceReadsStillWorkASecondLater() throws InterruptedException {
        // Given
        NbdClient nbd = client();
        CompletableFuture<NbdFuture<NbdClient>> connecting = new CompletableFuture<>();
        NbdTarget slow = nbdkit("--filter=delay", "memory", "1M", "rdelay=1");
        Thread thread = new Thread(() -> connecting.complete(nbd.connect(slow)));

        // When
        thread.start();
        thread.join();

        // Then
        await(await(connecting));
        assertWorks(nbd);
    }

    @Test
    void whenTheConnectFutureIsCancelledTheChildIsEnded() {
        // Given
        NbdClient nbd = client();
        NbdFuture<NbdClient> connecting = nbd.connect(command("sleep", "1000"));
        await().until(() -> nbd.subprocess().isPresent());

        // When
        connecting.cancel(false);

        // Then
        failureOf(connecting, CancellationException.class);
        assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
        await(nbd.closeAsync());
        assertThat(nbd.subprocess().orElseThrow().exitStatus()).contains(ExitStatus.signalled(15));
        assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
    }

    @Test
    void whenTheConnectFutureIsCancelledAtOnceTheChildIsEndedToo() {
        // Given
        Resources before = Resources.now();

        for (int i = 0; i < 20; i++) {
            NbdClient nbd = client();
            NbdFuture<NbdClient> connecting = nbd.connect(command("sleep", "1000"));

            // When
            connecting.cancel(false);

            // Then
            failureOf(connecting, CancellationException.class);
            assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
            await(nbd.closeAsync());
        }
        await().untilAsserted(before::assertNoGrowth);
        assertThat(ProcessHandle.current().children().filter(SubprocessContract::isSleep))
                .isEmpty();
    }

    private static boolean isSleep(ProcessHandle child) {
        return child.info().command().orElse("").endsWith("sleep");
    }

    @Test
    void aSecondConnectIsRefusedAndTheAttemptUnderWayIsUndisturbed() throws Exception {
        // Given
        Path gate = fifo("gate");
        NbdClient nbd = client();
        NbdFuture<NbdClient> connecting = nbd.connect(shell("read word <" + gate + "; exec nbdkit -s memory 1M"));

        // When
        InvalidRequestException whileConnecting =
                failureOf(nbd.connect(nbdkit("memory", "2M")), InvalidRequestException.class);
        Files.writeString(gate, "go\n");
        await(connecting);
        InvalidRequestException whileReady =
                failureOf(nbd.connect(nbdkit("memory", "2M")), InvalidRequestException.class);

        // Then
        assertThat(whileConnecting.errno()).isEqualTo(NbdError.EINVAL);
        assertThat(whileReady.errno()).isEqualTo(NbdError.EINVAL);
        assertThat(nbd.export().size()).isEqualTo(1024 * 1024);
        assertWorks(nbd);
    }

    // ---- The end of the child

    @Test
    void aKilledChildFailsEachRequestInFlightOnceWithItsFate() {
        // Given
        NbdClient nbd = client(NbdClient.builder().maxRequestsInFlight(16));
        await(nbd.connect(nbdkit("--filter=delay", "memory", "1M", "rdelay=60", "wdelay=60")));
        AtomicInteger completions = new AtomicInteger();
        List<NbdFuture<?>> sent = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            sent.add(nbd.pread(BLOCK, 0));
            sent.add(nbd.pwrite(Unpooled.directBuffer().writeZero(BLOCK), 0));
        }
        NbdFuture<ByteBuf> queued = nbd.pread(BLOCK, 0);
        sent.forEach(request -> request.whenComplete((value, failure) -> completions.incrementAndGet()));
        await().until(() -> nbd.statistics().requestsInFlight() == 16);
        Subprocess child = nbd.subprocess().orElseThrow();

        // When
        Processes.kill(child.pid());

        // Then
        for (NbdFuture<?> request : sent) {
            ConnectionLostException lost = failureOf(request, ConnectionLostException.class);
            assertThat(lost.fate()).isEqualTo(RequestFate.UNKNOWN);
            assertThat(lost).hasMessageContaining("SIGKILL");
        }
        assertThat(failureOf(queued, ConnectionLostException.class).fate()).isEqualTo(RequestFate.NOT_SENT);
        assertThat(completions).hasValue(16);
        assertThat(await(child.onExit())).isEqualTo(ExitStatus.signalled(9));
        assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
    }

    @Test
    void closingAReadyHandleWaitsForRequestsAndThenTheChildEndsByItself() {
        // Given
        NbdClient nbd = client();
        await(nbd.connect(nbdkit("--filter=delay", "memory", "1M", "rdelay=300ms")));
        NbdFuture<ByteBuf> read = nbd.pread(BLOCK, 0);

        // When
        NbdFuture<Void> closing = nbd.closeAsync();

        // Then
        await(read).release();
        await(closing);
        assertThat(nbd.subprocess().orElseThrow().exitStatus()).contains(ExitStatus.exited(0));
        assertThat(nbd.state()).isEqualTo(ConnectionState.CLOSED);
    }

    @Test
    void aChildThatStaysIsSentSigtermAfterTheGraceTime() throws Exception {
        // Given
        NbdClient nbd = client(NbdClient.builder().graceTimeout(SHORT));
        await(nbd.connect(stayer("exit 43")));

        // When
        await(nbd.closeAsync());

        // Then
        assertThat(nbd.subprocess().orElseThrow().exitStatus()).contains(ExitStatus.exited(43));
        assertThat(nbd.state()).isEqualTo(ConnectionState.CLOSED);
    }

    @Test
    void aChildThatIgnoresSigtermIsSentSigkill() throws Exception {
        // Given
        NbdClient nbd = client(NbdClient.builder().graceTimeout(SHORT).killTimeout(SHORT));
        await(nbd.connect(stayer("")));

        // When
        await(nbd.closeAsync());

        // Then
        assertThat(nbd.subprocess().orElseThrow().exitStatus()).contains(ExitStatus.signalled(9));
        assertThat(nbd.state()).isEqualTo(ConnectionState.CLOSED);
    }

    @Test
    void closingBlocksNeitherTheCallerNorTheEventLoop() throws Exception {
        // Given
        requireEpoll();
        NbdClientBuilder onOneLoop = Loops.EPOLL.builder().graceTimeout(LONG);
        NbdClient stays = client(onOneLoop);
        NbdClient other = client(onOneLoop);
        await(stays.connect(stayer("exit 43")));
        await(other.connect(nbdkit("memory", "1M")));

        // When
        NbdFuture<Void> closing = stays.closeAsync();
        await(CompletableFuture.runAsync(stays::close, Loops.EPOLL.group().next()));

        // Then
        assertWorks(other);
        assertThat(closing).isNotDone();
        stays.subprocess().orElseThrow().terminate();
        await(closing);
        assertThat(stays.subprocess().orElseThrow().exitStatus()).contains(ExitStatus.exited(43));
    }

    @Test
    void closingWhileConnectingFailsTheConnectFutureAndReapsTheChild() {
        // Given
        NbdClient nbd = client();
        NbdFuture<NbdClient> connecting = nbd.connect(command("sleep", "1000"));
        await().until(() -> nbd.subprocess().isPresent());

        // When
        NbdFuture<Void> closing = nbd.closeAsync();

        // Then
        failureOf(connecting, ConnectionLostException.class);
        await(closing);
        assertThat(nbd.subprocess().orElseThrow().exitStatus()).contains(ExitStatus.signalled(15));
        assertThat(nbd.state()).isEqualTo(ConnectionState.CLOSED);
    }

    @Test
    void aChildThatIsKilledWhileNothingIsOutstandingClosesTheHandle() {
        // Given
        NbdClient negotiating = client(NbdClient.builder().optionMode(true));
        NbdClient ready = client();
        await(negotiating.connect(nbdkit("memory", "1M")));
        await(ready.connect(nbdkit("memory", "1M")));

        // When
        Processes.kill(negotiating.subprocess().orElseThrow().pid());
        Processes.kill(ready.subprocess().orElseThrow().pid());

        // Then
        await().until(() -> negotiating.isClosed() && ready.isClosed());
        await(negotiating.closeAsync());
        await(ready.closeAsync());
        assertThat(negotiating.subprocess().orElseThrow().exitStatus()).contains(ExitStatus.signalled(9));
        assertThat(negotiating.state()).isEqualTo(ConnectionState.CLOSED);
        assertThat(ready.state()).isEqualTo(ConnectionState.CLOSED);
    }

    @Test
    void anOptionThatIsOutstandingFailsWithTheChild() {
        // Given
        NbdClient nbd = client(NbdClient.builder().optionMode(true));
        await(nbd.connect(nbdkit("memory", "1M")));
        Subprocess child = nbd.subprocess().orElseThrow();
        Processes.stop(child.pid());
        NbdFuture<?> option = nbd.negotiation().list();
        NbdFuture<?> behind = nbd.negotiation().info();
        failureOf(behind, InvalidRequestException.class);

        // When
        Processes.kill(child.pid());

        // Then
        assertThat(failureOf(option, SubprocessException.class).exitStatus()).isEqualTo(ExitStatus.signalled(9));
        assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
    }

    @Test
    void anOptionThatIsNotAnsweredTimesOut() {
        // Given
        NbdClient nbd = client(NbdClient.builder()
                .optionMode(true)
                .handshakeTimeout(Duration.ofSeconds(1))
                .killTimeout(SHORT));
        await(nbd.connect(nbdkit("memory", "1M")));
        Subprocess child = nbd.subprocess().orElseThrow();
        Processes.stop(child.pid());

        // When
        NbdFuture<?> option = nbd.negotiation().list();

        // Then
        failureOf(option, NbdTimeoutException.class);
        assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
        assertThat(await(child.onExit())).isEqualTo(ExitStatus.signalled(9));
    }

    @Test
    void closingWhileNegotiatingSendsAbortAndReapsTheChild() {
        // Given
        NbdClient nbd = client(NbdClient.builder().optionMode(true));
        await(nbd.connect(nbdkit("-v", "memory", "1M")));

        // When
        await(nbd.closeAsync());

        // Then
        Subprocess child = nbd.subprocess().orElseThrow();
        assertThat(child.exitStatus()).contains(ExitStatus.exited(0));
        await().until(() -> child.stderrTail().contains("NBD_OPT_ABORT"));
        assertThat(nbd.state()).isEqualTo(ConnectionState.CLOSED);
    }

    @Test
    void aChildThatIsAskedToEndTakesTheConnectionWithIt() {
        // Given
        NbdClient nbd = client();
        // Over pipes, nbdkit heeds SIGTERM with its next request only.
        NbdFuture<NbdClient> connecting = nbd.connect(command("sleep", "1000"));
        await().until(() -> nbd.subprocess().isPresent());
        Subprocess child = nbd.subprocess().orElseThrow();

        // When
        child.terminate();

        // Then
        SubprocessException failure = failureOf(connecting, SubprocessException.class);
        assertThat(failure.exitStatus()).isEqualTo(ExitStatus.signalled(15));
        assertThat(await(child.onExit())).isEqualTo(ExitStatus.signalled(15));
        assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
        child.terminate();
    }

    // ---- The end of the JVM

    @Test
    void anOrderlyExitOfTheJvmEndsAChildThatIgnoresEofAndSigterm() throws Exception {
        // Given
        try (OtherJvm jvm = OtherJvm.thatExits(stayer(""))) {
            // When
            int status = jvm.waitForExit();

            // Then
            assertThat(status).isZero();
            await().until(() -> Processes.isGone(jvm.childPid()));
        }
    }

    @Test
    void sigtermToTheJvmEndsAChildThatIgnoresEofAndSigterm() throws Exception {
        assertSignalToTheJvmEnds("TERM", stayer(""));
    }

    @Test
    void sigintToTheJvmEndsAChildThatIgnoresEofAndSigterm() throws Exception {
        assertSignalToTheJvmEnds("INT", stayer(""));
    }

    @Test
    void sigkillToTheJvmEndsAServerThatHeedsEof() throws Exception {
        assertSignalToTheJvmEnds("KILL", nbdkit("memory", "1M"));
    }

    private void assertSignalToTheJvmEnds(String signal, NbdTarget.Command command) throws Exception {
        // Given
        try (OtherJvm jvm = OtherJvm.thatStays(command)) {
            assertThat(Processes.isGone(jvm.childPid())).isFalse();

            // When
            Processes.signal(signal, jvm.pid());
            jvm.waitForExit();

            // Then
            await().until(() -> Processes.isGone(jvm.childPid()));
        }
    }

    // ---- What is left behind

    @Test
    @Timeout(300)
    void aThousandConnectionsLeaveNothingBehind() {
        // Given
        runMany(50);
        Resources before = Resources.now();

        // When
        runMany(1000);

        // Then
        await().untilAsserted(before::assertNoGrowth);
    }

    private void runMany(int count) {
        for (int i = 0; i < count; i++) {
            NbdClient nbd = NbdClient.builder().build();
            await(nbd.connect(nbdkit("memory", "1M")));
            assertWorks(nbd);
            await(nbd.closeAsync());
        }
    }

    // ---- Children that don't read, and loops that must not spin

    @Test
    void writesToAChildThatNeverReadsWaitAndFailAtTheStallLimitWithoutSpinning() throws Exception {
        // Given
        requireEpoll();
        Duration stall = Duration.ofSeconds(1);
        NbdClient nbd = client(
                Loops.EPOLL.builder().stallTimeout(stall).graceTimeout(SHORT).killTimeout(SHORT));
        await(nbd.connect(nbdkit("memory", "64M")));
        Subprocess child = nbd.subprocess().orElseThrow();
        Processes.stop(child.pid());
        long usedBefore = cpuTimeOfTheLoop();

        // When
        List<NbdFuture<Void>> writes = IntStream.range(0, 16)
                .mapToObj(i -> nbd.pwrite(Unpooled.directBuffer().writeZero(1024 * 1024), 0))
                .toList();

        // Then
        for (NbdFuture<Void> write : writes) {
            NbdTimeoutException failure = failureOf(write, NbdTimeoutException.class);
            assertThat(failure.fate()).isNotEqualTo(RequestFate.REFUSED);
        }
        assertThat(cpuTimeOfTheLoop() - usedBefore).isLessThan(50);
        assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
        await(nbd.closeAsync());
        assertThat(child.exitStatus()).contains(ExitStatus.signalled(9));
    }

    @Test
    void aDeadChildWithAutoReadOffDoesNotSpinTheLoopAndItsLastBytesAreRead() {
        // Given
        requireEpoll();
        IoEventLoop loop = Loops.EPOLL.group().next();
        LaunchSpec spec = new LaunchSpec(List.of("sh", "-c", "echo last words"), Map.of(), null, StderrPolicy.CAPTURE);
        Launched launched = await(Launcher.create().launch(spec, rung, loop)).launched();
        Channel channel = launched.channel();
        CompletableFuture<String> lastWords = new CompletableFuture<>();
        channel.pipeline().addLast(new SimpleChannelInboundHandler<ByteBuf>() {
            private final StringBuilder words = new StringBuilder();

            @Override
            protected void channelRead0(ChannelHandlerContext ctx, ByteBuf bytes) {
                words.append(bytes.toString(StandardCharsets.US_ASCII));
            }

            @Override
            public void channelInactive(ChannelHandlerContext ctx) {
                lastWords.complete(words.toString());
            }
        });
        channel.config().setAutoRead(false);
        ChannelPromise registration = new DefaultChannelPromise(channel, loop);
        channel.unsafe().register(loop, registration);
        registration.syncUninterruptibly();
        await(launched.child().onExit());
        long usedBefore = cpuTimeOfTheLoop();

        // When
        loop.schedule(() -> {}, 1, TimeUnit.SECONDS).syncUninterruptibly();

        // Then
        assertThat(cpuTimeOfTheLoop() - usedBefore).isLessThan(50);
        channel.config().setAutoRead(true);
        assertThat(await(lastWords)).isEqualTo("last words\n");
    }

    /** In ticks of the kernel, a hundred a second. */
    private static long cpuTimeOfTheLoop() {
        return await(CompletableFuture.supplyAsync(
                Processes::cpuTicksOfThisThread, Loops.EPOLL.group().next()));
    }

    // ---- The options of a command

    @Test
    void theEnvironmentIsAddedToAndTheWorkingDirectorySet() throws IOException {
        // Given
        NbdClient nbd = client();
        NbdTarget target = shell("echo \"$NBD4J_TEST $PATH\" >seen; pwd -P >>seen; exec nbdkit -s memory 1M")
                .withEnvironment("NBD4J_TEST", "with space = gr\u00fcn")
                .withDirectory(directory);

        // When
        await(nbd.connect(target));

        // Then
        assertThat(Files.readAllLines(directory.resolve("seen")))
                .containsExactly(
                        "with space = gr\u00fcn " + System.getenv("PATH"),
                        directory.toRealPath().toString());
    }

    @Test
    void theLastOfACapturedStderrIsKept() {
        // Given
        NbdClient nbd = client();
        StringBuilder all = new StringBuilder();
        IntStream.rangeClosed(1, 5000).forEach(i -> all.append(i).append('\n'));

        // When
        await(nbd.connect(shell("seq 1 5000 >&2; exec nbdkit -s memory 1M")));

        // Then
        Subprocess child = nbd.subprocess().orElseThrow();
        await().untilAsserted(() -> assertThat(child.stderrTail()).isEqualTo(all.substring(all.length() - 8192)));
        assertWorks(nbd);
    }

    @Test
    void theLinesOfACapturedStderrGoToTheLogAtDebug() throws Exception {
        // Given
        NbdTarget.Command command = shell("echo a line for the log >&2; exec nbdkit -s memory 1M");

        // When
        try (OtherJvm jvm = OtherJvm.thatStays(command)) {
            // Then
            await().untilAsserted(() -> assertThat(jvm.stderr())
                    .containsPattern("DEBUG io.nbd4j.client.stderr - sh.*: a line for the log"));
        }
    }

    @Test
    void anInheritedStderrIsThatOfTheJvm() throws Exception {
        // Given
        Path own = Files.readSymbolicLink(Path.of("/proc/self/fd/2"));

        // When // Then
        assertThat(stderrOfAChild(StderrPolicy.INHERIT)).isEqualTo(own.toString());
    }

    @Test
    void aDiscardedStderrGoesNowhere() throws Exception {
        assertThat(stderrOfAChild(StderrPolicy.DISCARD)).isEqualTo("/dev/null");
    }

    private String stderrOfAChild(StderrPolicy policy) throws IOException {
        NbdClient nbd = client();
        Path seen = directory.resolve("seen");
        NbdTarget.Command command = shell("readlink /proc/$$/fd/2 >" + seen + "; exec nbdkit -s memory 1M");
        await(nbd.connect(command.withStderr(policy)));
        assertThat(nbd.subprocess().orElseThrow().stderrTail()).isEmpty();
        return Files.readString(seen).trim();
    }

    @Test
    void theChildCanBeAskedAbout() {
        // Given
        NbdClient nbd = client();
        NbdTarget.Command command = nbdkit("memory", "1M");
        assertThat(nbd.subprocess()).isEmpty();

        // When
        await(nbd.connect(command));

        // Then
        Subprocess child = nbd.subprocess().orElseThrow();
        assertThat(ProcessHandle.of(child.pid()).flatMap(ProcessHandle::parent)).contains(ProcessHandle.current());
        assertThat(child.argv()).isEqualTo(command.argv());
        assertThat(child.transport()).isEqualTo(rung);
        assertThat(child.onExit()).isNotDone();
        assertThat(child.exitStatus()).isEmpty();
        await(nbd.closeAsync());
        assertThat(await(child.onExit())).isEqualTo(ExitStatus.exited(0));
        assertThat(child.exitStatus()).contains(ExitStatus.exited(0));
        assertThat(child.pid()).isPositive();
    }

    // ---- Commands and clients

    private NbdTarget.Command command(String... argv) {
        return NbdTarget.command(argv).withTransport(rung);
    }

    private NbdTarget.Command nbdkit(String... arguments) {
        return command(
                Stream.concat(Stream.of("nbdkit", "-s"), Stream.of(arguments)).toArray(String[]::new));
    }

    private NbdTarget.Command shell(String script) {
        return command("sh", "-c", script);
    }

    /**
     * A child that serves, and then stays: it ignores EOF, but not what a shell can't.
     *
     * @param onSigterm what it does then; empty if it ignores that too
     */
    private NbdTarget.Command stayer(String onSigterm) throws IOException {
        // Opened for both directions: it can be opened at once, and reading from it never ends.
        return shell("trap '" + onSigterm + "' TERM; nbdkit -s memory 1M; read word <>" + fifo("never"));
    }

    private Path fifo(String name) throws IOException {
        Path fifo = directory.resolve(name);
        Process make = new ProcessBuilder("mkfifo", fifo.toString()).inheritIO().start();
        assertThat(make.onExit().orTimeout(10, TimeUnit.SECONDS).join().exitValue())
                .isZero();
        return fifo;
    }

    private NbdClient client() {
        return client(NbdClient.builder());
    }

    private NbdClient client(NbdClientBuilder builder) {
        NbdClient nbd = builder.build();
        clients.add(nbd);
        return nbd;
    }

    private static void requireEpoll() {
        String reason = Loops.EPOLL.unavailableBecause();
        assumeTrue(reason == null, reason);
    }

    private static void assertWorks(NbdClient nbd) {
        await(nbd.pread(BLOCK, 0)).release();
    }

    /** Returns null where the type says that there is none. */
    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals", "unused"})
    private static <T> T nothing(Class<? super T> type) {
        return null;
    }
}
