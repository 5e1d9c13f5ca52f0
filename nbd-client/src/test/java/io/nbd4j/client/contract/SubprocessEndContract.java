package io.nbd4j.client.contract;

import static io.nbd4j.client.contract.Outcomes.await;
import static io.nbd4j.client.contract.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.ConnectionState;
import io.nbd4j.client.ExitStatus;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdClientBuilder;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.NbdTimeoutException;
import io.nbd4j.client.RequestFate;
import io.nbd4j.client.Subprocess;
import io.nbd4j.client.SubprocessException;
import io.nbd4j.client.SubprocessTransport;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How a child, its handle and the JVM end, whichever is first, and that nothing is left behind. */
abstract class SubprocessEndContract extends SubprocessFixture {
    SubprocessEndContract(SubprocessTransport rung) {
        super(rung);
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
}
