package io.nbd4j.client.server;

import static io.nbd4j.client.contract.Outcomes.await;
import static io.nbd4j.client.contract.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.ConnectFailedException;
import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.ConnectionState;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdException;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdMultiDevice;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.Subprocess;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.TransmissionFlags;
import io.nbd4j.testkit.MemoryExport;
import io.nbd4j.testkit.TestServer;
import io.nbd4j.testkit.fault.Fault;
import io.nbd4j.testkit.fault.FaultPlan;
import io.nbd4j.testkit.fault.FaultRule;
import io.nbd4j.testkit.fault.Hold;
import io.nbd4j.testkit.fault.Matcher;
import io.nbd4j.testkit.junit.RequiresServer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Several connections as one device, against a server that answers when the test says so. The time limit only ends what hangs. */
@Timeout(120)
class MultiConnectionIT {
    private static final int BLOCK = 4096;

    private final Hold hold = Fault.hold();

    private TestServer.Builder server() {
        return server(0);
    }

    private TestServer.Builder server(int withheldFlags) {
        return TestServer.builder()
                .withhold(withheldFlags)
                .export("", MemoryExport.ofSize(1 << 20))
                .unixSocket()
                .recordTranscript();
    }

    private TestServer holdingWrites() {
        return server().faults(FaultPlan.of(FaultRule.when(Matcher.command(CommandType.WRITE))
                        .always()
                        .then(hold)))
                .start();
    }

    private static NbdMultiDevice connect(TestServer server, int connections) {
        return await(NbdClient.builder().connectMulti(NbdTarget.unix(server.socketPath()), connections));
    }

    private static ByteBuf block(int value) {
        return Unpooled.directBuffer().writeBytes(bytes(value));
    }

    private static byte[] bytes(int value) {
        byte[] bytes = new byte[BLOCK];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    private static List<NbdFuture<Void>> write(NbdMultiDevice device, int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> device.pwrite(block(i), (long) i * BLOCK))
                .toList();
    }

    @Test
    void commandsAreSpreadOverTheConnections() {
        try (TestServer server = holdingWrites();
                NbdMultiDevice device = connect(server, 4)) {
            // When
            List<NbdFuture<Void>> writes = write(device, 16);
            await(hold.held(16));
            hold.release();
            writes.forEach(write -> await(write));

            // Then
            assertThat(device.connections())
                    .hasSize(4)
                    .allSatisfy(connection ->
                            assertThat(connection.statistics().requestsSent()).isEqualTo(4));
            for (int i = 0; i < 16; i++) {
                ByteBuf read = await(device.pread(BLOCK, (long) i * BLOCK));
                assertThat(ByteBufUtil.getBytes(read)).isEqualTo(bytes(i));
                read.release();
            }
        }
    }

    @Test
    void t114AFlushWaitsForTheWritesOnAllConnections() {
        try (TestServer server = holdingWrites();
                NbdMultiDevice device = connect(server, 3)) {
            // Given
            List<NbdFuture<Void>> writes = write(device, 6);
            await(hold.held(6));

            // When
            NbdFuture<Void> flush = device.flush();
            for (int i = 0; i < 5; i++) {
                assertThat(hold.releaseOne()).isTrue();
                // Which of them was held the longest is up to the connections.
                int answered = i + 1;
                Awaitility.await()
                        .until(() -> writes.stream().filter(NbdFuture::isDone).count() == answered);
                await(device.pread(BLOCK, 0)).release();
                assertThat(server.transcript().requests(CommandType.FLUSH)).isEmpty();
            }
            hold.release();

            // Then
            await(flush);
            assertThat(server.transcript().requests(CommandType.FLUSH)).hasSize(1);
        }
    }

    @Test
    void aFlushThatWaitsCanBeGivenUp() {
        try (TestServer server = holdingWrites();
                NbdMultiDevice device = connect(server, 2)) {
            // Given
            List<NbdFuture<Void>> writes = write(device, 2);
            await(hold.held(2));
            NbdFuture<Void> flush = device.flush();

            // When
            flush.cancel(false);
            NbdFuture<Void> second = device.flush();
            hold.release();
            writes.forEach(write -> await(write));
            await(second);

            // Then
            assertThat(flush).isCancelled();
            assertThat(server.transcript().requests(CommandType.FLUSH)).hasSize(1);
        }
    }

    @Test
    void closingDrainsAllConnectionsAndTheFlushThatWaits() {
        try (TestServer server = holdingWrites()) {
            // Given
            NbdMultiDevice device = connect(server, 3);
            List<NbdFuture<Void>> writes = write(device, 3);
            await(hold.held(3));
            NbdFuture<Void> flush = device.flush();

            // When
            NbdFuture<Void> closing = device.closeAsync();
            NbdFuture<ByteBuf> late = device.pread(BLOCK, 0);
            failureOf(late, InvalidRequestException.class);
            hold.release();

            // Then
            writes.forEach(write -> await(write));
            await(flush);
            await(closing);
            assertThat(device.closeAsync()).isSameAs(closing);
            assertThat(device.connections())
                    .allSatisfy(connection -> assertThat(connection.state()).isEqualTo(ConnectionState.CLOSED));
            assertThat(server.transcript().bytesAfterDisc()).isZero();
        }
    }

    @Test
    void t115WithoutTheServersWordThereIsOneConnection() {
        try (TestServer server = server(TransmissionFlags.CAN_MULTI_CONN).start();
                NbdMultiDevice device = connect(server, 4)) {
            // Then
            assertThat(device.export().canMultiConn()).isFalse();
            assertThat(device.connections()).hasSize(1);
            assertThat(server.transcript().connections()).isOne();
        }
    }

    @Test
    void t115UnlessItIsForcedAndThenAFlushGoesToAll() {
        try (TestServer server = server(TransmissionFlags.CAN_MULTI_CONN).start();
                NbdMultiDevice device = await(NbdClient.builder()
                        .forceMultiConn(true)
                        .connectMulti(NbdTarget.unix(server.socketPath()), 4))) {
            // When
            await(device.flush());

            // Then
            assertThat(device.connections()).hasSize(4);
            assertThat(server.transcript().requests(CommandType.FLUSH)).hasSize(4);
        }
    }

    @Test
    void aForcedFlushFailsOnceAConnectionWasLost() {
        try (TestServer server = server(TransmissionFlags.CAN_MULTI_CONN)
                        .faults(FaultPlan.of(FaultRule.when(Matcher.command(CommandType.WRITE))
                                .nth(1)
                                .then(Fault.drop())))
                        .start();
                NbdMultiDevice device = await(NbdClient.builder()
                        .forceMultiConn(true)
                        .connectMulti(NbdTarget.unix(server.socketPath()), 3))) {
            // Given
            failureOf(device.pwrite(block(1), 0), ConnectionLostException.class);
            await(device.pwrite(block(2), 0));

            // When // Then
            failureOf(device.flush(), NbdException.class);
            assertThat(server.transcript().requests(CommandType.FLUSH)).hasSize(2);
            await(device.pwrite(block(3), 0));
        }
    }

    @Test
    @RequiresServer("nbdkit")
    void aCommandIsOneConnectionUnlessItIsForcedAndThenEachIsAServerThatIsFlushed() {
        // Given
        NbdTarget command = NbdTarget.command("nbdkit", "-s", "memory", "1M");
        try (NbdMultiDevice one = await(NbdClient.builder().connectMulti(command, 2));
                NbdMultiDevice two =
                        await(NbdClient.builder().forceMultiConn(true).connectMulti(command, 2))) {
            // When
            await(two.flush());

            // Then
            assertThat(one.connections()).hasSize(1);
            assertThat(two.export().canMultiConn()).isTrue();
            assertThat(two.connections()).hasSize(2);
            assertThat(two.connections())
                    .extracting(connection -> connection.statistics().requestsSent())
                    .containsExactly(1L, 1L);
            assertThat(two.connections())
                    .extracting(connection ->
                            connection.subprocess().map(Subprocess::pid).orElseThrow())
                    .doesNotHaveDuplicates();
        }
    }

    @Test
    void theDeviceGoesOnWithoutAConnectionThatIsLost() {
        try (TestServer server = server().faults(FaultPlan.of(FaultRule.when(Matcher.command(CommandType.WRITE))
                                .nth(1)
                                .then(Fault.drop())))
                        .start();
                NbdMultiDevice device = connect(server, 2)) {
            // When
            failureOf(device.pwrite(block(1), 0), ConnectionLostException.class);

            // Then
            assertThat(device.connections())
                    .extracting(NbdClient::state)
                    .containsExactlyInAnyOrder(ConnectionState.DEAD, ConnectionState.READY);
            await(device.pwrite(block(2), 0));
            await(device.flush());
            ByteBuf read = await(device.pread(BLOCK, 0));
            assertThat(ByteBufUtil.getBytes(read)).isEqualTo(bytes(2));
            read.release();
        }
    }

    @Test
    void itFailsAsASingleConnectionDoes() {
        failureOf(
                NbdClient.builder().connectMulti(NbdTarget.unix("/nonexistent/socket"), 3),
                ConnectFailedException.class);
        failureOf(
                NbdClient.builder().connectMulti(NbdTarget.unix("/nonexistent/socket"), 0),
                InvalidRequestException.class);
    }
}
