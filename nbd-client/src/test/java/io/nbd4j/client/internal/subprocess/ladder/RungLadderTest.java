package io.nbd4j.client.internal.subprocess.ladder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nbd4j.client.SubprocessTransport;
import io.nbd4j.client.internal.subprocess.Executable;
import io.nbd4j.client.internal.subprocess.Launched;
import io.nbd4j.client.internal.subprocess.Rung;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RungLadderTest {
    private final EventLoop loop = new DefaultEventLoop();

    @AfterEach
    void endLoop() {
        loop.shutdownGracefully(0, 10, TimeUnit.SECONDS).syncUninterruptibly();
    }

    @Test
    void choosesTheBestThatIsAvailableInWhateverOrderTheyCome() throws IOException {
        // Given
        List<Rung> rungs = new ArrayList<>(List.of(
                new FakeRung(SubprocessTransport.STREAM, null),
                new FakeRung(SubprocessTransport.PIPE, null),
                new FakeRung(SubprocessTransport.SOCKETPAIR, "no such libc")));

        for (int i = 0; i < rungs.size(); i++) {
            Collections.rotate(rungs, 1);

            // When
            Rung chosen = new RungLadder(rungs).choose(SubprocessTransport.AUTO, loop);

            // Then
            assertThat(chosen.transport()).isEqualTo(SubprocessTransport.PIPE);
        }
    }

    @Test
    void prefersTheSocketpair() throws IOException {
        // Given
        RungLadder ladder = new RungLadder(List.of(
                new FakeRung(SubprocessTransport.PIPE, null), new FakeRung(SubprocessTransport.SOCKETPAIR, null)));

        // When
        Rung chosen = ladder.choose(SubprocessTransport.AUTO, loop);

        // Then
        assertThat(chosen.transport()).isEqualTo(SubprocessTransport.SOCKETPAIR);
    }

    @Test
    void givesWhatWasAskedForThoughSomethingBetterIsThere() throws IOException {
        // Given
        RungLadder ladder = new RungLadder(List.of(
                new FakeRung(SubprocessTransport.STREAM, null), new FakeRung(SubprocessTransport.SOCKETPAIR, null)));

        // When
        Rung chosen = ladder.choose(SubprocessTransport.STREAM, loop);

        // Then
        assertThat(chosen.transport()).isEqualTo(SubprocessTransport.STREAM);
    }

    @Test
    void saysWhyWhatWasAskedForIsNotAvailable() {
        // Given
        RungLadder ladder = new RungLadder(List.of(
                new FakeRung(SubprocessTransport.STREAM, null),
                new FakeRung(SubprocessTransport.SOCKETPAIR, "no such libc")));

        // When // Then
        assertThatThrownBy(() -> ladder.choose(SubprocessTransport.SOCKETPAIR, loop))
                .isInstanceOfSatisfying(
                        TransportUnavailableException.class,
                        e -> assertThat(e.transport()).isEqualTo(SubprocessTransport.SOCKETPAIR))
                .hasMessage("subprocess transport socketpair is not available: no such libc");
        assertThatThrownBy(() -> ladder.choose(SubprocessTransport.PIPE, loop))
                .hasMessage("subprocess transport pipe is not available: this build does not have it");
    }

    @Test
    void namesEveryReasonWhenNothingIsAvailable() {
        // Given
        RungLadder ladder = new RungLadder(List.of(
                new FakeRung(SubprocessTransport.STREAM, "no threads"),
                new FakeRung(SubprocessTransport.SOCKETPAIR, "no such libc")));

        // When // Then
        assertThatThrownBy(() -> ladder.choose(SubprocessTransport.AUTO, loop))
                .hasMessage("subprocess transport auto is not available: "
                        + "socketpair: no such libc; pipe: this build does not have it; stream: no threads");
    }

    @Test
    void refusesTwoRungsForOneTransport() {
        // Given
        List<Rung> twice =
                List.of(new FakeRung(SubprocessTransport.PIPE, null), new FakeRung(SubprocessTransport.PIPE, null));

        // When // Then
        assertThatThrownBy(() -> new RungLadder(twice)).isInstanceOf(IllegalArgumentException.class);
    }

    private record FakeRung(
            SubprocessTransport transport, @Nullable String reason) implements Rung {
        @Override
        public @Nullable String unavailableBecause(EventLoop loop) {
            return reason;
        }

        @Override
        public Launched launch(Executable executable, EventLoop loop) {
            throw new AssertionError("choosing starts nothing");
        }
    }
}
