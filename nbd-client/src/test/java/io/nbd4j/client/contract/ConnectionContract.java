package io.nbd4j.client.contract;

import static io.nbd4j.client.contract.Outcomes.await;
import static io.nbd4j.client.contract.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.ConnectionState;
import io.nbd4j.client.ExportEntry;
import io.nbd4j.client.ExportInfo;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdClientBuilder;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdRange;
import io.nbd4j.client.NbdStatistics;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.NegotiationRefusedException;
import io.nbd4j.client.RequestFate;
import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.nbd4j.testkit.junit.RequiresServer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.IoEventLoop;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a connection does, whatever carries its bytes. The time limit only ends what hangs. */
@RequiresServer("nbdkit")
@Timeout(120)
abstract class ConnectionContract {
    private static final int BLOCK = 4096;
    private static final int MEBI = 1024 * 1024;

    private final Setting setting;
    private final List<NbdClient> clients = new ArrayList<>();
    private final List<AutoCloseable> servers = new ArrayList<>();

    @TempDir
    Path directory;

    ConnectionContract(Setting setting) {
        this.setting = setting;
    }

    @BeforeEach
    void requireTransport() {
        String reason = setting.unavailableBecause();
        assumeTrue(reason == null, reason);
    }

    @AfterEach
    void closeAll() throws Exception {
        clients.forEach(nbd -> await(nbd.closeAsync()));
        for (AutoCloseable server : servers) {
            server.close();
        }
    }

    // ---- Connecting

    @Test
    void becomesReady() {
        // Given
        NbdClient nbd = client(setting.builder());
        assertThat(nbd.transport()).isEmpty();
        assertThatThrownBy(nbd::export).isInstanceOf(IllegalStateException.class);

        // When
        NbdClient ready = await(nbd.connect(nbdkit("memory", "1M")));

        // Then
        assertThat(ready).isSameAs(nbd);
        assertOnly(nbd, ConnectionState.READY);
        assertThat(nbd.transport()).contains(setting.transport());
    }

    @Test
    void knowsTheFactsOfTheExport() {
        // Given // When
        ExportInfo export = ready("memory", "1M").export();

        // Then
        assertThat(export.name()).isEmpty();
        assertThat(export.size()).isEqualTo(MEBI);
        assertThat(export.protocol()).isEqualTo(ExportInfo.Protocol.NEWSTYLE_FIXED);
        assertThat(export.structuredReplies()).isTrue();
        assertThat(export.isReadOnly()).isFalse();
        assertThat(export.isRotational()).isFalse();
        assertThat(export.canFlush()).isTrue();
        assertThat(export.canFua()).isTrue();
        assertThat(export.canTrim()).isTrue();
        assertThat(export.canZero()).isTrue();
        assertThat(export.canFastZero()).isTrue();
        assertThat(export.canCache()).isTrue();
        assertThat(export.canMultiConn()).isTrue();
    }

    // ---- Data commands

    @Test
    void readsIntoEachKindOfBufferWhatEachKindOfBufferWrote() {
        // Given
        NbdClient nbd = ready("memory", "1M");
        byte[] bytes = random(7 * BLOCK, 1);
        Map<String, ByteBuf> sources = new LinkedHashMap<>();
        sources.put("heap", Unpooled.copiedBuffer(bytes));
        sources.put("direct", Unpooled.directBuffer().writeBytes(bytes));
        sources.put("pooled", PooledByteBufAllocator.DEFAULT.directBuffer().writeBytes(bytes));
        sources.put("composite", composite(bytes));
        sources.put("read-only", Unpooled.copiedBuffer(bytes).asReadOnly());
        sources.put(
                "slice", Unpooled.directBuffer().writeZero(9).writeBytes(bytes).skipBytes(9));
        long offset = 0;

        for (Map.Entry<String, ByteBuf> source : sources.entrySet()) {
            // When
            await(nbd.pwrite(source.getValue(), offset));

            // Then
            // A thread of the transport may still be on its way back from writing it.
            await(source.getKey()).until(() -> source.getValue().refCnt() == 0);
            assertReadByEachKindOfBuffer(nbd, bytes, offset);
            offset += bytes.length;
        }
    }

    @Test
    void readsBackWhatNioBuffersWrote() {
        // Given
        NbdClient nbd = ready("memory", "1M");
        byte[] bytes = random(5 * BLOCK, 2);
        ByteBuffer heap = ByteBuffer.wrap(bytes);
        ByteBuffer direct = ByteBuffer.allocateDirect(bytes.length + 8)
                .position(8)
                .put(bytes)
                .position(8);

        // When
        await(nbd.pwrite(heap.asReadOnlyBuffer(), 0));
        await(nbd.pwrite(heap, BLOCK * 8));
        await(nbd.pwrite(direct, BLOCK * 16));

        // Then
        assertThat(heap.hasRemaining()).isFalse();
        assertThat(direct.hasRemaining()).isFalse();
        assertReadByEachKindOfBuffer(nbd, bytes, 0);
        assertReadByEachKindOfBuffer(nbd, bytes, BLOCK * 8);
        assertReadByEachKindOfBuffer(nbd, bytes, BLOCK * 16);
    }

    private static void assertReadByEachKindOfBuffer(NbdClient nbd, byte[] expected, long offset) {
        int length = expected.length;
        ByteBuf made = await(nbd.pread(length, offset));
        assertTaken(made, expected);
        for (ByteBuf destination : List.of(
                Unpooled.directBuffer(length, length),
                Unpooled.buffer(length, length),
                PooledByteBufAllocator.DEFAULT.directBuffer(length, length),
                composite(new byte[length]).clear())) {
            await(nbd.pread(destination, offset));
            assertThat(destination.refCnt()).isOne();
            assertTaken(destination, expected);
        }
        for (ByteBuffer destination : List.of(ByteBuffer.allocate(length), ByteBuffer.allocateDirect(length))) {
            await(nbd.pread(destination, offset));
            assertThat(destination.hasRemaining()).isFalse();
            byte[] content = new byte[length];
            destination.flip().get(content);
            assertThat(content).isEqualTo(expected);
        }
    }

    @Test
    void answersSixtyFourRequestsAtOnce() {
        verifiesRequestsAtOnce(64);
    }

    @Test
    void answersAThousandRequestsAtOnce() {
        verifiesRequestsAtOnce(1000);
    }

    private void verifiesRequestsAtOnce(int count) {
        // Given
        NbdClient nbd = ready("memory", "8M");
        byte[] bytes = random(count * BLOCK, count);
        ByteBuf all = Unpooled.wrappedBuffer(bytes);

        // When
        List<NbdFuture<Void>> writes = IntStream.range(0, count)
                .mapToObj(i -> nbd.pwrite(all.retainedSlice(i * BLOCK, BLOCK), (long) i * BLOCK))
                .toList();
        writes.forEach(Outcomes::await);
        List<NbdFuture<ByteBuf>> reads = IntStream.range(0, count)
                .mapToObj(i -> nbd.pread(BLOCK, (long) i * BLOCK))
                .toList();

        // Then
        for (int i = 0; i < count; i++) {
            ByteBuf read = await(reads.get(i));
            boolean same = ByteBufUtil.equals(read, 0, all, i * BLOCK, BLOCK);
            read.release();
            assertThat(same).as("block " + i).isTrue();
        }
        await().until(() -> all.refCnt() == 1);
        all.release();
    }

    @Test
    void splitsAndJoinsWhatIsLongerThanTheServerTakesAtOnce() {
        // Given
        NbdClient nbd = ready("memory", "128M");
        byte[] bytes = random(64 * MEBI, 3);
        ByteBuf destination = Unpooled.directBuffer(bytes.length, bytes.length);

        // When
        await(nbd.pwrite(Unpooled.wrappedBuffer(bytes), MEBI));
        await(nbd.pread(destination, MEBI));

        // Then
        assertThat(nbd.statistics().requestsSent()).isGreaterThanOrEqualTo(4);
        assertTaken(destination, bytes);
    }

    @Test
    void flushesTrimsZeroesAndCachesWithTheirFlags() {
        // Given
        NbdClient nbd = ready("memory", "1M");
        await(nbd.pwrite(Unpooled.wrappedBuffer(random(16 * BLOCK, 4)), 0, CommandFlag.FUA));

        // When
        await(nbd.flush());
        await(nbd.cache(16 * BLOCK, 0));
        await(nbd.zero(BLOCK, 0));
        await(nbd.zero(BLOCK, BLOCK, CommandFlag.FUA, CommandFlag.NO_HOLE));
        await(nbd.zero(NbdRange.of(2 * BLOCK, BLOCK), CommandFlag.FAST_ZERO));
        await(nbd.trim(BLOCK, 3 * BLOCK, CommandFlag.FUA));
        await(nbd.trim(NbdRange.of(4 * BLOCK, BLOCK)));

        // Then
        assertTaken(await(nbd.pread(5 * BLOCK, 0)), new byte[5 * BLOCK]);
        ByteBuf rest = await(nbd.pread(BLOCK, 5 * BLOCK));
        assertThat(ByteBufUtil.getBytes(rest)).isNotEqualTo(new byte[BLOCK]);
        rest.release();
    }

    @Test
    void refusesWhatCannotBeBeforeAnythingIsSent() {
        // Given
        NbdClient nbd = ready("memory", "1M");

        // When
        InvalidRequestException beyond =
                failureOf(nbd.pwrite(Unpooled.directBuffer().writeZero(BLOCK), MEBI), InvalidRequestException.class);
        InvalidRequestException flag = failureOf(
                nbd.pwrite(ByteBuffer.allocate(BLOCK), 0, CommandFlag.NO_HOLE), InvalidRequestException.class);

        // Then
        assertThat(beyond.errno()).isEqualTo(NbdError.ENOSPC);
        assertThat(flag.errno()).isEqualTo(NbdError.EINVAL);
        assertThat(nbd.statistics().requestsSent()).isZero();
        assertWorks(nbd);
    }

    @Test
    void countsWhatItDoes() {
        // Given
        NbdClient nbd = client(setting.builder().maxRequestsInFlight(2));
        await(nbd.connect(nbdkit("--filter=delay", "memory", "1M", "rdelay=200ms")));
        NbdStatistics before = nbd.statistics();
        assertThat(before)
                .returns(0L, NbdStatistics::requestsSent)
                .returns(0L, NbdStatistics::repliesReceived)
                .returns(1L, NbdStatistics::chunksReceived);

        // When
        List<NbdFuture<ByteBuf>> reads =
                IntStream.range(0, 5).mapToObj(i -> nbd.pread(BLOCK, 0)).toList();

        // Then
        await().until(() -> nbd.statistics().requestsWaiting() == 3);
        assertThat(nbd.statistics().requestsInFlight()).isEqualTo(2);
        assertThat(nbd.statistics().bytesInFlight()).isEqualTo(2 * BLOCK);
        reads.forEach(read -> await(read).release());
        NbdStatistics after = nbd.statistics();
        assertThat(after.requestsInFlight()).isZero();
        assertThat(after.requestsWaiting()).isZero();
        assertThat(after.requestsSent()).isEqualTo(5);
        assertThat(after.repliesReceived()).isEqualTo(5);
        assertThat(after.bytesReceivedDirect() + after.bytesReceivedCopied()).isEqualTo(5 * BLOCK);
    }

    @Test
    void receivesLargeReadsStraightIntoTheirDestination() {
        assumeTrue(setting.receivesDirectly(), "bytes are copied on this transport");
        // Given
        int length = 256 * 1024;
        int count = 256;
        NbdClient nbd = client(setting.builder().maxRequestsInFlight(16));
        await(nbd.connect(nbdkit("memory", "64M")));

        // When
        List<NbdFuture<ByteBuf>> reads = IntStream.range(0, count)
                .mapToObj(i -> nbd.pread(length, (long) i * length))
                .toList();
        reads.forEach(read -> await(read).release());

        // Then
        NbdStatistics statistics = nbd.statistics();
        long all = (long) count * length;
        assertThat(statistics.bytesReceivedDirect() + statistics.bytesReceivedCopied())
                .isEqualTo(all);
        assertThat(statistics.bytesReceivedDirect()).isGreaterThanOrEqualTo(all * 9 / 10);
    }

    // ---- Option mode

    @Test
    void listsAsksAndGoesInOptionMode() throws IOException {
        // Given
        NbdClient nbd = negotiating(exports("one", "two"));
        assertOnly(nbd, ConnectionState.NEGOTIATING);

        // When
        List<ExportEntry> list = await(nbd.negotiation().list());
        ExportInfo info = await(nbd.negotiation().exportName("two").info());
        NbdClient ready = await(nbd.negotiation().exportName("one").go());

        // Then
        assertThat(list).extracting(ExportEntry::name).containsExactlyInAnyOrder("one", "two");
        assertThat(info.name()).isEqualTo("two");
        assertThat(info.size()).isEqualTo(2 * BLOCK);
        assertThat(ready).isSameAs(nbd);
        assertOnly(nbd, ConnectionState.READY);
        assertThat(nbd.export().name()).isEqualTo("one");
        assertThat(nbd.export().size()).isEqualTo(BLOCK);
        assertWorks(nbd);
    }

    @Test
    void triesAnotherNameAfterARefusedGo() throws IOException {
        // Given
        NbdClient nbd = negotiating(exports("disk"));

        // When
        NegotiationRefusedException refusal =
                failureOf(nbd.negotiation().exportName("nonesuch").go(), NegotiationRefusedException.class);

        // Then
        assertThat(refusal.reason()).isEqualTo(OptionReplyType.ERR_UNKNOWN);
        assertOnly(nbd, ConnectionState.NEGOTIATING);
        await(nbd.negotiation().exportName("disk").go());
        assertWorks(nbd);
    }

    @Test
    void isDeadIfTheExportIsRefusedWithoutOptionMode() throws IOException {
        // Given
        NbdClient nbd = client(setting.builder().exportName("nonesuch"));

        // When
        NegotiationRefusedException refusal =
                failureOf(nbd.connect(exports("disk")), NegotiationRefusedException.class);

        // Then
        assertThat(refusal.reason()).isEqualTo(OptionReplyType.ERR_UNKNOWN);
        assertOnly(nbd, ConnectionState.DEAD);
        await(nbd.closeAsync());
    }

    @Test
    void takesOneOptionAtATime() {
        // Given
        IoEventLoop loop = setting.loop();
        NbdClient nbd = client(setting.builder().eventLoopGroup(loop).optionMode(true));
        NbdTarget target = nbdkit("memory", "1M");
        List<NbdFuture<?>> options = new ArrayList<>();

        // When
        await(nbd.connect(target));
        // On the event loop, so that no answer comes between.
        await(CompletableFuture.runAsync(
                () -> {
                    options.add(nbd.negotiation().list());
                    options.add(nbd.negotiation().info());
                    options.add(nbd.negotiation().go());
                    options.add(nbd.negotiation().abort());
                },
                loop));

        // Then
        await(options.get(0));
        for (NbdFuture<?> refused : options.subList(1, 4)) {
            assertThat(failureOf(refused, InvalidRequestException.class).errno())
                    .isEqualTo(NbdError.EINVAL);
        }
        assertOnly(nbd, ConnectionState.NEGOTIATING);
        await(nbd.negotiation().go());
        assertWorks(nbd);
    }

    @Test
    void abortsTheNegotiation() {
        // Given
        NbdClient nbd = negotiating(nbdkit("memory", "1M"));

        // When
        await(nbd.negotiation().abort());

        // Then
        assertOnly(nbd, ConnectionState.CLOSED);
        assertThat(nbd.closeAsync()).isDone();
    }

    // ---- Closing

    @Test
    void drainsWhenItIsClosed() {
        // Given
        NbdClient nbd = ready("--filter=delay", "memory", "1M", "rdelay=300ms");
        List<NbdFuture<ByteBuf>> reads =
                IntStream.range(0, 8).mapToObj(i -> nbd.pread(BLOCK, 0)).toList();

        // When
        NbdFuture<Void> closing = nbd.closeAsync();
        ConnectionState state = nbd.state();
        NbdFuture<ByteBuf> late = nbd.pread(BLOCK, 0);

        // Then
        assertThat(state).isEqualTo(ConnectionState.CLOSED);
        assertThat(nbd.closeAsync()).isSameAs(closing);
        failureOf(late, InvalidRequestException.class);
        reads.forEach(read -> assertTaken(await(read), new byte[BLOCK]));
        await(closing);
        assertOnly(nbd, ConnectionState.CLOSED);
    }

    @Test
    void isDeadIfItCannotDrainInTime() {
        // Given
        NbdClient nbd =
                client(setting.builder().drainTimeout(Duration.ofMillis(100)).graceTimeout(Duration.ofMillis(100)));
        await(nbd.connect(nbdkit("--filter=delay", "memory", "1M", "rdelay=60")));
        NbdFuture<ByteBuf> read = nbd.pread(BLOCK, 0);

        // When
        await(nbd.closeAsync());

        // Then
        assertThat(failureOf(read, ConnectionLostException.class).fate()).isEqualTo(RequestFate.UNKNOWN);
        assertOnly(nbd, ConnectionState.DEAD);
    }

    // ---- The table of states, cell by cell

    @Test
    void inCreatedOnlyConnectIsAllowed() {
        // Given
        NbdClient nbd = client(setting.builder());
        assertOnly(nbd, ConnectionState.CREATED);

        // When // Then
        assertRefused(nbd, options(nbd), null);
        assertRefused(nbd, dataCommands(nbd), null);
        assertOnly(nbd, ConnectionState.CREATED);
        await(nbd.connect(nbdkit("memory", "1M")));
        assertWorks(nbd);
    }

    @Test
    void inCreatedItCanBeClosed() {
        // Given
        NbdClient nbd = client(setting.builder());

        // When
        await(nbd.closeAsync());

        // Then
        assertOnly(nbd, ConnectionState.CLOSED);
        assertEverythingRefused(nbd);
        assertThatThrownBy(nbd::export).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void inConnectingOnlyCloseIsAllowedAndCancels() {
        // Given
        NbdClient nbd = client(setting.builder());
        NbdFuture<NbdClient> connecting = nbd.connect(silent());
        assertOnly(nbd, ConnectionState.CONNECTING);

        // When // Then
        assertEverythingRefused(nbd);
        assertOnly(nbd, ConnectionState.CONNECTING);
        assertThat(connecting).isNotDone();
        NbdFuture<Void> closing = nbd.closeAsync();
        assertOnly(nbd, ConnectionState.CLOSED);
        failureOf(connecting, ConnectionLostException.class);
        await(closing);
        assertOnly(nbd, ConnectionState.CLOSED);
    }

    @Test
    void inNegotiatingConnectAndDataCommandsAreRefused() {
        // Given
        NbdClient nbd = negotiating(nbdkit("memory", "1M"));

        // When // Then
        assertRefused(nbd, connects(nbd), NbdError.EINVAL);
        assertRefused(nbd, dataCommands(nbd), NbdError.EINVAL);
        assertOnly(nbd, ConnectionState.NEGOTIATING);
        await(nbd.negotiation().go());
        assertWorks(nbd);
    }

    @Test
    void inNegotiatingCloseAbortsPolitely() {
        // Given
        NbdClient nbd = negotiating(nbdkit("memory", "1M"));

        // When
        await(nbd.closeAsync());

        // Then
        assertOnly(nbd, ConnectionState.CLOSED);
        assertEverythingRefused(nbd);
    }

    @Test
    void inReadyConnectAndOptionsAreRefused() {
        // Given
        NbdClient nbd = ready("memory", "1M");

        // When // Then
        assertRefused(nbd, connects(nbd), NbdError.EINVAL);
        assertRefused(nbd, options(nbd), NbdError.EINVAL);
        assertWorks(nbd);
    }

    @Test
    void inClosedEverythingIsRefusedAndTheFactsStay() {
        // Given
        NbdClient nbd = ready("memory", "1M");
        NbdFuture<Void> closing = nbd.closeAsync();

        // When
        await(closing);

        // Then
        assertOnly(nbd, ConnectionState.CLOSED);
        assertEverythingRefused(nbd);
        assertThat(nbd.closeAsync()).isSameAs(closing);
        assertThat(nbd.export().size()).isEqualTo(MEBI);
        assertThat(nbd.transport()).contains(setting.transport());
    }

    @Test
    void inDeadEverythingIsRefusedAndTheFactsStay() {
        // Given
        NbdClient nbd = client(setting.builder());
        Served served = serve(setting.nbdkit("--filter=delay", "memory", "1M", "rdelay=60"));
        await(nbd.connect(served.target()));
        NbdFuture<ByteBuf> read = nbd.pread(BLOCK, 0);
        await().until(() -> nbd.statistics().requestsInFlight() == 1);

        // When
        served.kill(nbd);

        // Then
        assertThat(failureOf(read, ConnectionLostException.class).fate()).isEqualTo(RequestFate.UNKNOWN);
        assertOnly(nbd, ConnectionState.DEAD);
        assertEverythingRefused(nbd);
        NbdFuture<Void> closing = nbd.closeAsync();
        await(closing);
        assertThat(nbd.closeAsync()).isSameAs(closing);
        assertOnly(nbd, ConnectionState.DEAD);
        assertEverythingRefused(nbd);
        assertThat(nbd.export().size()).isEqualTo(MEBI);
    }

    @Test
    void isClosedIfTheServerLeavesWhileNothingIsOutstanding() {
        // Given
        NbdClient nbd = client(setting.builder());
        Served served = serve(setting.nbdkit("memory", "1M"));
        await(nbd.connect(served.target()));

        // When
        served.kill(nbd);

        // Then
        await().until(nbd::isClosed);
        await(nbd.closeAsync());
        assertOnly(nbd, ConnectionState.CLOSED);
    }

    private void assertEverythingRefused(NbdClient nbd) {
        assertRefused(nbd, connects(nbd), NbdError.EINVAL);
        assertRefused(nbd, options(nbd), NbdError.EINVAL);
        assertRefused(nbd, dataCommands(nbd), NbdError.EINVAL);
    }

    private static void assertRefused(
            NbdClient nbd, Map<String, Supplier<CompletableFuture<?>>> calls, @Nullable NbdError errno) {
        calls.forEach((name, call) -> {
            ConnectionState before = nbd.state();
            InvalidRequestException refusal = failureOf(call.get(), InvalidRequestException.class);
            assertThat(refusal.fate()).as(name).isEqualTo(RequestFate.NOT_SENT);
            assertThat(refusal.errno()).as(name).isEqualTo(errno);
            assertThat(nbd.state()).as(name).isEqualTo(before);
        });
    }

    private static Map<String, Supplier<CompletableFuture<?>>> connects(NbdClient nbd) {
        return Map.of(
                "connect", () -> nbd.connect(NbdTarget.command("true")),
                "connectCommand", () -> nbd.connectCommand("true"),
                "connectCommand(list)", () -> nbd.connectCommand(List.of("true")),
                "connectUnix", () -> nbd.connectUnix(Path.of("/nonesuch")),
                "connectTcp", () -> nbd.connectTcp("127.0.0.1", 1),
                "connectUri", () -> nbd.connectUri("nbd://127.0.0.1:1/"),
                "connectUri(wrong)", () -> nbd.connectUri("nbd:wrong"),
                "connect(wrong)", () -> nbd.connect(NbdTarget.command("")));
    }

    private static Map<String, Supplier<CompletableFuture<?>>> options(NbdClient nbd) {
        return Map.of(
                "go", () -> nbd.negotiation().go(),
                "info", () -> nbd.negotiation().info(),
                "list", () -> nbd.negotiation().list(),
                "abort", () -> nbd.negotiation().abort());
    }

    private static Map<String, Supplier<CompletableFuture<?>>> dataCommands(NbdClient nbd) {
        ByteBuf destination = Unpooled.buffer(BLOCK);
        return Map.of(
                "pread", () -> nbd.pread(BLOCK, 0),
                "pread(ByteBuf)", () -> nbd.pread(destination, 0),
                "pread(ByteBuffer)", () -> nbd.pread(ByteBuffer.allocate(BLOCK), 0),
                "pwrite(ByteBuf)", () -> pwriteTakesTheBuffer(nbd),
                "pwrite(ByteBuffer)", () -> nbd.pwrite(ByteBuffer.allocate(BLOCK), 0),
                "flush", nbd::flush,
                "trim", () -> nbd.trim(BLOCK, 0),
                "zero", () -> nbd.zero(BLOCK, 0),
                "cache", () -> nbd.cache(BLOCK, 0));
    }

    private static CompletableFuture<?> pwriteTakesTheBuffer(NbdClient nbd) {
        ByteBuf data = Unpooled.directBuffer().writeZero(BLOCK);
        CompletableFuture<?> write = nbd.pwrite(data, 0);
        failureOf(write, InvalidRequestException.class);
        assertThat(data.refCnt()).isZero();
        return write;
    }

    // ---- Servers, clients, bytes

    private NbdClient ready(String... nbdkit) {
        NbdClient nbd = client(setting.builder());
        return await(nbd.connect(nbdkit(nbdkit)));
    }

    private NbdClient negotiating(NbdTarget target) {
        return await(client(setting.builder().optionMode(true)).connect(target));
    }

    private NbdClient client(NbdClientBuilder builder) {
        NbdClient nbd = builder.build();
        clients.add(nbd);
        return nbd;
    }

    private NbdTarget nbdkit(String... arguments) {
        return serve(setting.nbdkit(arguments)).target();
    }

    /** One export for each name: a file of one block, of two blocks, and so on. */
    private NbdTarget exports(String... names) throws IOException {
        for (int i = 0; i < names.length; i++) {
            Files.write(directory.resolve(names[i]), new byte[(i + 1) * BLOCK]);
        }
        return nbdkit("file", "dir=" + directory);
    }

    private NbdTarget silent() {
        return serve(setting.silent()).target();
    }

    private Served serve(Served served) {
        servers.add(served.closing());
        return served;
    }

    private static void assertOnly(NbdClient nbd, ConnectionState state) {
        assertThat(nbd.state()).isEqualTo(state);
        assertThat(Stream.of(
                        nbd.isCreated(),
                        nbd.isConnecting(),
                        nbd.isNegotiating(),
                        nbd.isReady(),
                        nbd.isClosed(),
                        nbd.isDead()))
                .filteredOn(is -> is)
                .hasSize(1);
    }

    private static void assertWorks(NbdClient nbd) {
        await(nbd.pread(BLOCK, 0)).release();
    }

    private static byte[] random(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static CompositeByteBuf composite(byte[] bytes) {
        CompositeByteBuf composite = Unpooled.compositeBuffer();
        int half = bytes.length / 2;
        composite.addComponent(true, Unpooled.directBuffer().writeBytes(bytes, 0, half));
        composite.addComponent(true, Unpooled.copiedBuffer(bytes, half, bytes.length - half));
        return composite;
    }

    /** Checks the readable bytes and releases the buffer. */
    private static void assertTaken(ByteBuf buffer, byte[] expected) {
        ByteBuf wrapped = Unpooled.wrappedBuffer(expected);
        boolean same = ByteBufUtil.equals(buffer, wrapped);
        wrapped.release();
        buffer.release();
        assertThat(same).as("the bytes that were expected").isTrue();
    }
}
