package io.nbd4j.client.internal.subprocess;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.nbd4j.client.ExitStatus;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

@DisabledOnOs(value = OS.WINDOWS, disabledReason = "needs a POSIX shell")
class JdkChildProcessIT {
    @Test
    void reportsTheExitStatus() throws IOException {
        // Given
        ChildProcess child = start("exit 3");

        // When
        ExitStatus status = child.onExit().join();

        // Then
        assertThat(status).isEqualTo(ExitStatus.exited(3));
    }

    @Test
    void terminatesAndKills() throws IOException {
        // Given
        ChildProcess polite = start("exec sleep 1000");
        ChildProcess stubborn = start("exec sleep 1000");

        // When
        polite.terminate();
        stubborn.kill();

        // Then
        assertThat(polite.onExit().join()).isEqualTo(ExitStatus.signalled(15));
        assertThat(stubborn.onExit().join()).isEqualTo(ExitStatus.signalled(9));
        polite.terminate();
        stubborn.kill();
    }

    @Test
    void keepsTheEndOfALongStderr() throws IOException {
        // Given
        ChildProcess child = start("i=0; while [ $i -lt 30000 ]; do echo line-$i; i=$((i+1)); done >&2");

        // When
        child.onStderrEnd().join();

        // Then
        assertThat(child.stderrTail()).hasSize(StderrTail.CAPACITY).endsWith("line-29998\nline-29999\n");
    }

    @Test
    void keepsStderrThatCameBeforeASignal() throws IOException {
        // Given
        ChildProcess child = start("echo before >&2; exec sleep 1000");
        await().until(() -> child.stderrTail().contains("before"));

        // When
        child.terminate();

        // Then
        child.onStderrEnd().join();
        assertThat(child.stderrTail()).isEqualTo("before\n");
    }

    private static ChildProcess start(String script) throws IOException {
        Process process = new ProcessBuilder("/bin/sh", "-c", script).start();
        StderrTail tail = StderrTail.logging("sh", process.pid());
        StderrThread.start(process.getErrorStream(), tail, process.pid());
        return new JdkChildProcess(process, tail);
    }
}
