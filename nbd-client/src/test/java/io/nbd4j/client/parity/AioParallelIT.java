package io.nbd4j.client.parity;

import static io.nbd4j.client.contract.Outcomes.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdClientBuilder;
import io.nbd4j.client.server.Content;
import io.nbd4j.testkit.RealServer;
import io.nbd4j.testkit.junit.RequiresServer;
import io.netty.channel.IoEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * libnbd's {@code aio-parallel} and {@code aio-parallel-load}: eight connections with 64 requests in flight each, which read and
 * write at random places where nothing else is in flight. The time limit only ends what hangs.
 */
@RequiresServer("nbdkit")
@Timeout(120)
class AioParallelIT {
    private static final int CONNECTIONS = 8;
    private static final int IN_FLIGHT = 64;
    private static final int OPERATIONS = 3000;

    @Test
    void whatIsReadIsWhatWasWrittenWithManyRequestsInFlightOnManyConnections() {
        // Given
        String size = String.valueOf(CONNECTIONS * RandomLane.REGION);
        List<IoEventLoopGroup> loops = new ArrayList<>();
        List<NbdClient> clients = new ArrayList<>();
        try (RealServer server = RealServer.nbdkit("memory", size)) {
            for (int i = 0; i < CONNECTIONS; i++) {
                IoEventLoopGroup loop = NbdClientBuilder.newEventLoopGroup(1, new DefaultThreadFactory("lane", true));
                loops.add(loop);
                NbdClient nbd = NbdClient.builder().eventLoopGroup(loop).build();
                clients.add(nbd);
                await(nbd.connectUnix(server.unixSocket()));
            }

            // When
            List<RandomLane> lanes = IntStream.range(0, CONNECTIONS)
                    .mapToObj(i -> new RandomLane(clients.get(i), i, IN_FLIGHT, OPERATIONS))
                    .toList();
            for (int i = 0; i < CONNECTIONS; i++) {
                loops.get(i).execute(lanes.get(i)::start);
            }
            lanes.forEach(lane -> await(lane.end()));

            // Then each connection finds what another one has written
            for (int i = 0; i < CONNECTIONS; i++) {
                NbdClient other = clients.get((i + 1) % CONNECTIONS);
                Content.assertRead(other, lanes.get(i).content(), lanes.get(i).offset());
                assertThat(lanes.get(i).mostInFlight()).isEqualTo(IN_FLIGHT);
                assertThat(clients.get(i).statistics().requestsInFlight()).isZero();
            }
        } finally {
            clients.forEach(nbd -> await(nbd.closeAsync()));
            loops.forEach(loop -> loop.shutdownGracefully(0, 0, TimeUnit.SECONDS));
        }
    }
}
