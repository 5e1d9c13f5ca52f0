package io.nbd4j.client.contract;

import static io.nbd4j.client.contract.Outcomes.await;
import static io.nbd4j.client.contract.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.nbd4j.client.ConnectionState;
import io.nbd4j.client.ExitStatus;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdException;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.NbdTimeoutException;
import io.nbd4j.client.Subprocess;
import io.nbd4j.client.SubprocessException;
import io.nbd4j.client.SubprocessTransport;
import io.nbd4j.codec.NbdError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What becomes of starting a child: who may ask for it, what can't be started, and what does not serve. */
abstract class SubprocessStartContract extends SubprocessFixture {
    SubprocessStartContract(SubprocessTransport rung) {
        super(rung);
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
        assertThat(ProcessHandle.current().children().filter(SubprocessStartContract::isSleep))
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

    /** Returns null where the type says that there is none. */
    @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals", "unused"})
    private static <T> T nothing(Class<? super T> type) {
        return null;
    }
}
