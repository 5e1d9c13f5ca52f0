package io.nbd4j.client.server;

import static io.nbd4j.client.contract.Outcomes.await;
import static io.nbd4j.client.contract.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.ConnectionState;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdStatistics;
import io.nbd4j.client.Subprocess;
import io.nbd4j.client.contract.Processes;
import io.nbd4j.testkit.ScriptedConnection;
import io.nbd4j.testkit.ScriptedPeer;
import io.nbd4j.testkit.junit.RequiresServer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The counters of whole connections. The time limit only ends what hangs. */
@Timeout(120)
class StatisticsIT {
    /** A server of the style without options but EXPORT_NAME, so that every byte of the handshake is known. */
    @Test
    void everyByteFromTheGreetingToTheGoodbyeCounts() {
        try (ScriptedPeer peer = ScriptedPeer.unix();
                NbdClient nbd = NbdClient.builder().build()) {
            // Given
            assertThat(nbd.statistics()).isEqualTo(new NbdStatistics(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
            CompletableFuture<@Nullable Void> script = peer.play(p -> {
                ScriptedConnection connection = p.accept();
                connection.send("'NBDMAGIC' 'IHAVEOPT' 0000").expect("00000000 'IHAVEOPT' 00000001 00000000");
                connection.send("0000000000100000 0005 00*124");
                String cookie = connection.readHex(28).substring(16, 32);
                connection.send("67446698 00000000 " + cookie).read(28);
                connection.hangUp();
            });

            // When
            await(nbd.connectUnix(peer.socket()));
            NbdStatistics handshake = nbd.statistics();
            await(nbd.flush());
            NbdStatistics flush = nbd.statistics();
            await(nbd.closeAsync());
            await(script);
            NbdStatistics end = nbd.statistics();

            // Then
            assertThat(handshake.bytesSent()).isEqualTo(4 + 16);
            assertThat(handshake.chunksSent()).isOne();
            assertThat(handshake.bytesReceived()).isEqualTo(18 + 10 + 124);
            assertThat(handshake.chunksReceived()).isOne();
            assertThat(flush.bytesSent() - handshake.bytesSent()).isEqualTo(28);
            assertThat(flush.chunksSent() - handshake.chunksSent()).isOne();
            assertThat(flush.bytesReceived() - handshake.bytesReceived()).isEqualTo(16);
            assertThat(flush.chunksReceived() - handshake.chunksReceived()).isOne();
            assertThat(end.bytesSent() - flush.bytesSent()).isEqualTo(28);
            assertThat(end.chunksSent() - flush.chunksSent()).isOne();
            assertThat(end.bytesReceived()).isEqualTo(flush.bytesReceived());
            assertThat(end.requestsSent()).isOne();
        }
    }

    /** What libnbd's test server-death does. */
    @Test
    @RequiresServer("nbdkit")
    void afterTheDeathOfTheServerNothingIsInFlight() {
        try (NbdClient nbd = NbdClient.builder().build()) {
            // Given
            await(nbd.connectCommand("nbdkit", "-s", "--filter=delay", "memory", "1M", "rdelay=60", "delay-trim=60"));
            NbdFuture<?> read = nbd.pread(512, 0);
            NbdFuture<?> trim = nbd.trim(512, 512);
            Awaitility.await().until(() -> nbd.statistics().requestsInFlight() == 2);

            // When
            Processes.kill(nbd.subprocess().map(Subprocess::pid).orElseThrow());

            // Then
            for (NbdFuture<?> command : List.of(read, trim)) {
                assertThat(failureOf(command, ConnectionLostException.class).errno())
                        .isNull();
            }
            await(nbd.closeAsync());
            assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
            assertThat(nbd.statistics().requestsInFlight()).isZero();
            assertThat(nbd.statistics().bytesInFlight()).isZero();
            assertThat(nbd.statistics().requestsWaiting()).isZero();
            assertThat(nbd.statistics().requestsSent()).isEqualTo(2);
        }
    }
}
