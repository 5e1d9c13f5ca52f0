package io.nbd4j.client.server;

import static io.nbd4j.client.contract.Outcomes.await;
import static io.nbd4j.client.contract.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.CloseMode;
import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.ConnectionState;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.RequestFate;
import io.nbd4j.client.Subprocess;
import io.nbd4j.client.contract.Processes;
import io.nbd4j.testkit.junit.RequiresServer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Closing while the server does nothing. The time limit only ends what hangs. */
@RequiresServer("nbdkit")
@Timeout(120)
class AbandonIT {
    private static final int BIG = 20 * 1024 * 1024;

    private static ByteBuf big() {
        return Unpooled.directBuffer(BIG).writeZero(BIG);
    }

    /** What libnbd's test shutdown-flags does. */
    @Test
    void whatWaitsIsAbandonedAtOnceAndWhatIsHalfSentIsFinished() {
        try (NbdClient nbd = NbdClient.builder().build()) {
            // Given
            await(nbd.connectCommand("nbdkit", "-s", "memory", "64M"));
            long pid = nbd.subprocess().map(Subprocess::pid).orElseThrow();
            Processes.stop(pid);
            NbdFuture<Void> first = nbd.pwrite(big(), 0);
            NbdFuture<Void> second = nbd.pwrite(big(), BIG);

            // When
            NbdFuture<Void> closing;
            try {
                closing = nbd.closeAsync(CloseMode.ABANDON_PENDING);
                ConnectionLostException loss = failureOf(second, ConnectionLostException.class);
                assertThat(loss.fate()).isEqualTo(RequestFate.NOT_SENT);
                assertThat(first).isNotDone();
            } finally {
                Processes.signal("CONT", pid);
            }

            // Then
            await(first);
            await(closing);
            assertThat(nbd.state()).isEqualTo(ConnectionState.CLOSED);
            assertThat(nbd.statistics().requestsInFlight()).isZero();
            assertThat(nbd.statistics().requestsWaiting()).isZero();
            assertThat(nbd.closeAsync(CloseMode.ABANDON_PENDING)).isSameAs(closing);
            assertThat(nbd.closeAsync()).isSameAs(closing);
        }
    }

    @Test
    void aCloseThatDrainsCanStillBeToldToAbandon() {
        try (NbdClient nbd =
                NbdClient.builder().drainTimeout(Duration.ofDays(1)).build()) {
            // Given
            await(nbd.connectCommand("nbdkit", "-s", "memory", "64M"));
            long pid = nbd.subprocess().map(Subprocess::pid).orElseThrow();
            Processes.stop(pid);
            NbdFuture<Void> first = nbd.pwrite(big(), 0);
            NbdFuture<Void> second = nbd.pwrite(big(), BIG);
            NbdFuture<Void> closing;
            try {
                closing = nbd.closeAsync();

                // When
                assertThat(nbd.closeAsync(CloseMode.ABANDON_PENDING)).isSameAs(closing);
                failureOf(second, ConnectionLostException.class);
            } finally {
                Processes.signal("CONT", pid);
            }

            // Then
            await(first);
            await(closing);
        }
    }

    @Test
    void beforeAConnectionBothModesAreTheSame() {
        try (NbdClient nbd = NbdClient.builder().build()) {
            await(nbd.closeAsync(CloseMode.ABANDON_PENDING));
            assertThat(nbd.isClosed()).isTrue();
        }
    }
}
