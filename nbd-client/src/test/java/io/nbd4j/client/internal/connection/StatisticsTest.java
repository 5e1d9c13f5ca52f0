package io.nbd4j.client.internal.connection;

import static io.nbd4j.client.internal.connection.Rig.bytesOf;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdStatistics;
import io.netty.buffer.ByteBuf;
import org.junit.jupiter.api.Test;

/** The counters of a connection, by the sizes that the specification gives. */
class StatisticsTest {
    @Test
    void aFlushIs28BytesAndOneChunkOutAnd16AndOneIn() {
        try (Rig rig = Rig.simple()) {
            // When
            rig.commands.flush();
            rig.answer(Wire.simple(rig.request().cookie(), 0));

            // Then
            NbdStatistics now = rig.connection.statistics();
            assertThat(now.bytesSent()).isEqualTo(28);
            assertThat(now.chunksSent()).isOne();
            assertThat(now.bytesReceived()).isEqualTo(16);
            assertThat(now.chunksReceived()).isOne();
        }
    }

    @Test
    void payloadAndEachChunkOfAReplyCount() {
        try (Rig rig = Rig.structured()) {
            // Given
            rig.commands.write(rig.payload(0, 32 * 1024), 0, 0);
            NbdFuture<ByteBuf> read = rig.commands.read(1024, 0);

            // When
            var requests = rig.requests();
            rig.answer(
                    Wire.simple(requests.get(0).cookie(), 0),
                    Wire.data(requests.get(1).cookie(), 0, Wire.pattern(0, 512)),
                    Wire.hole(requests.get(1).cookie(), 512, 512),
                    Wire.none(requests.get(1).cookie()));

            // Then
            NbdStatistics now = rig.connection.statistics();
            assertThat(now.bytesSent()).isEqualTo(28 + 32 * 1024 + 28);
            assertThat(now.chunksSent()).isEqualTo(2);
            assertThat(now.bytesReceived()).isEqualTo(16 + (20 + 8 + 512) + (20 + 12) + 20);
            assertThat(now.chunksReceived()).isEqualTo(4);
            assertThat(now.repliesReceived()).isEqualTo(2);
            bytesOf(read);
        }
    }

    @Test
    void theGoodbyeAndTheHandshakeCount() {
        try (Rig rig = Rig.structured()) {
            // When
            rig.traffic.greetingReceived();
            rig.traffic.optionSent();
            rig.traffic.optionSent();
            rig.connection.disconnect();
            rig.hangUp();

            // Then
            NbdStatistics after = rig.connection.statistics();
            assertThat(after.bytesSent()).isEqualTo(28);
            assertThat(after.chunksSent()).isEqualTo(3);
            assertThat(after.chunksReceived()).isOne();
            assertThat(after.requestsSent()).isZero();
        }
    }
}
