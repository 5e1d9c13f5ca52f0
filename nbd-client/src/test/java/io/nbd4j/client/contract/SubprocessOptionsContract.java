package io.nbd4j.client.contract;

import static io.nbd4j.client.contract.Outcomes.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.nbd4j.client.ExitStatus;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.StderrPolicy;
import io.nbd4j.client.Subprocess;
import io.nbd4j.client.SubprocessTransport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What a command says about its child, and what can be asked about it. */
abstract class SubprocessOptionsContract extends SubprocessFixture {
    SubprocessOptionsContract(SubprocessTransport rung) {
        super(rung);
    }

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
}
