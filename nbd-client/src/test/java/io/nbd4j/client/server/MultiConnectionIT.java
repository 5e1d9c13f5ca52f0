package io.nbd4j.client.server;

import static io.nbd4j.client.contract.Outcomes.await;
import static io.nbd4j.client.contract.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.nbd4j.client.ConnectFailedException;
import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.ConnectionState;
import io.nbd4j.client.Extent;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.MetaContext;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdClientBuilder;
import io.nbd4j.client.NbdException;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdMultiDevice;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.Subprocess;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.TransmissionFlags;
import io.nbd4j.testkit.MemoryExport;
import io.nbd4j.testkit.ScriptedPeer;
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
import io.netty.channel.IoEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Several connections as one device, against a server that answers when the test says so. The time limit only ends what hangs. */
@Timeout(120)
class MultiConnectionIT {
    private static final int BLOCK = 4096;

    private final Hold hold = Fault.hold();
    /** One event loop for each of two connections. */
    private final IoEventLoopGroup twoLoops =
            NbdClientBuilder.newEventLoopGroup(2, new DefaultThreadFactory("test-two", true));

    @AfterEach
    void shutDown() {
        // Not waited for: a loop that stands still, which these tests are about, would not end.
        twoLoops.shutdownGracefully();
    }

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
        return holding(CommandType.WRITE);
    }

    private TestServer holding(CommandType... types) {
        return server().faults(FaultPlan.of(Arrays.stream(types)
                        .map(type ->
                                FaultRule.when(Matcher.command(type)).always().then(hold))
                        .toList()))
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
    void aCompletionOfAnyConnectionMayCloseTheDevice() {
        try (TestServer server = holding(CommandType.READ)) {
            // Given a read on each of two connections, with an event loop each
            NbdMultiDevice device = await(
                    NbdClient.builder().eventLoopGroup(twoLoops).connectMulti(NbdTarget.unix(server.socketPath()), 2));
            NbdFuture<ByteBuf> onFirst = device.pread(BLOCK, 0);
            NbdFuture<ByteBuf> onSecond = device.pread(BLOCK, BLOCK);
            await(hold.held(2));

            // When
            CompletableFuture<Thread> ofFirst = onFirst.thenApply(data -> {
                data.release();
                return Thread.currentThread();
            });
            CompletableFuture<Thread> closing = onSecond.thenApply(data -> {
                data.release();
                device.close();
                return Thread.currentThread();
            });
            hold.release();

            // Then
            assertThat(await(closing)).isNotSameAs(await(ofFirst));
            await(device.closeAsync());
        }
    }

    @Test
    void onTheLoopOfAnyConnectionNobodyWaitsForTheDevice() {
        try (TestServer server = holding(CommandType.WRITE, CommandType.BLOCK_STATUS)) {
            // Given a flush and a step of a walk that can't end yet
            NbdMultiDevice device = await(NbdClient.builder()
                    .eventLoopGroup(twoLoops)
                    .metaContexts(MetaContext.BASE_ALLOCATION)
                    .connectMulti(NbdTarget.unix(server.socketPath()), 2));
            write(device, 1);
            NbdFuture<Void> flush = device.flush();
            NbdFuture<List<Extent>> step =
                    device.extents(MetaContext.BASE_ALLOCATION).next();
            await(hold.held(2));
            NbdFuture<Void> closing = device.closeAsync();

            // When // Then
            assertIsRefusedOnBothLoops(flush::join);
            assertIsRefusedOnBothLoops(step::join);
            assertIsRefusedOnBothLoops(closing::join);
            hold.release();
            await(flush);
            await(step);
            await(closing);
        }
    }

    @Test
    void onTheLoopOfAnyConnectionNobodyWaitsForTheConnect() {
        try (ScriptedPeer peer = ScriptedPeer.unix()) {
            // Given a server that says nothing
            NbdFuture<NbdMultiDevice> connecting =
                    NbdClient.builder().eventLoopGroup(twoLoops).connectMulti(NbdTarget.unix(peer.socket()), 2);

            // When // Then
            assertIsRefusedOnBothLoops(connecting::join);
            connecting.cancel(false);
            failureOf(connecting, CancellationException.class);
        }
    }

    private void assertIsRefusedOnBothLoops(ThrowingCallable waiting) {
        for (EventExecutor loop : twoLoops) {
            assertThat(loop.submit(() -> assertThatIllegalStateException().isThrownBy(waiting))
                            .awaitUninterruptibly()
                            .cause())
                    .isNull();
        }
    }

    @Test
    void clientsMayCloseEachOtherOnTheirLoops() {
        try (TestServer server = server().start()) {
            // Given
            NbdClientBuilder builder = NbdClient.builder().eventLoopGroup(twoLoops);
            NbdClient one = builder.build();
            NbdClient other = builder.build();
            await(one.connectUnix(server.socketPath()));
            await(other.connectUnix(server.socketPath()));
            CyclicBarrier both = new CyclicBarrier(2);

            // When each loop is kept from the end of its own client until it has closed both
            for (EventExecutor loop : twoLoops) {
                loop.submit(() -> {
                    both.await();
                    one.close();
                    other.close();
                    return null;
                });
            }

            // Then
            await(one.closeAsync());
            await(other.closeAsync());
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
