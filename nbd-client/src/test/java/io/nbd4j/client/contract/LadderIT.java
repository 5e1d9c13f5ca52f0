package io.nbd4j.client.contract;

import static io.nbd4j.client.contract.Outcomes.await;
import static io.nbd4j.client.contract.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nbd4j.client.ConnectionState;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.SubprocessException;
import io.nbd4j.client.SubprocessTransport;
import io.nbd4j.client.internal.subprocess.ladder.TransportUnavailableException;
import io.nbd4j.testkit.junit.RequiresServer;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Which rung is taken. The time limit only ends what hangs. */
@RequiresServer("nbdkit")
@Timeout(60)
class LadderIT {
    private static final NbdTarget.Command SERVER = NbdTarget.command("nbdkit", "-s", "memory", "1M");

    @Test
    void theBestRungThatCanRunIsTaken() {
        // Given
        List<SubprocessTransport> running = Stream.of(
                        SubprocessTransport.SOCKETPAIR, SubprocessTransport.PIPE, SubprocessTransport.STREAM)
                .filter(rung -> new ChildSetting(rung).unavailableBecause() == null)
                .toList();
        try (NbdClient nbd = NbdClient.builder().build()) {
            // When
            await(nbd.connect(SERVER));

            // Then
            assertThat(nbd.subprocess().orElseThrow().transport()).isEqualTo(running.get(0));
        }
    }

    @Test
    void aCallersEventLoopsWithoutEpollMeanStreams() {
        try (NbdClient nbd = Loops.NIO.builder().build()) {
            // When
            await(nbd.connect(SERVER));

            // Then
            assertThat(nbd.subprocess().orElseThrow().transport()).isEqualTo(SubprocessTransport.STREAM);
            assertThat(nbd.transport()).contains("stream");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"SOCKETPAIR", "PIPE"})
    void aRungThatIsAskedForAndCannotRunIsNotReplacedByAnother(SubprocessTransport rung) {
        // Given
        String reason = new ChildSetting(rung, Loops.NIO).unavailableBecause();
        assumeTrue(reason != null, rung + " runs on NIO");
        try (NbdClient nbd = Loops.NIO.builder().build()) {
            // When
            SubprocessException failure = failureOf(nbd.connect(SERVER.withTransport(rung)), SubprocessException.class);

            // Then
            assertThat(failure)
                    .hasCauseInstanceOf(TransportUnavailableException.class)
                    .hasMessageContaining(reason);
            assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
            assertThat(nbd.subprocess()).isEmpty();
        }
    }
}
