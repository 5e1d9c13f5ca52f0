package io.nbd4j.client.internal.handle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.nbd4j.client.BlockStatus;
import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.ExportInfo;
import io.nbd4j.client.Extent;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.MetaContext;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdProtocolException;
import io.nbd4j.client.NbdRange;
import io.nbd4j.client.RequestFate;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.codec.TransmissionFlags;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class StatusWalkTest {
    private static final String BASE = MetaContext.BASE_ALLOCATION;
    private static final String DIRTY = MetaContext.QEMU_DIRTY_BITMAP + "b";
    private static final long GIBI = 1 << 30;

    /** A device whose answers the test makes. */
    private static final class Device implements StatusWalk.Source {
        final EmbeddedChannel channel = new EmbeddedChannel();
        final List<NbdRange> asked = new ArrayList<>();
        final List<List<String>> chosen = new ArrayList<>();
        int cancelled;

        private final @Nullable ExportInfo export;
        private @Nullable HandleFuture<BlockStatus> pending;

        Device(@Nullable ExportInfo export) {
            this.export = export;
        }

        static Device of(long size, long block) {
            return new Device(anExport(size, block, false, false, BASE, DIRTY));
        }

        @Override
        public HomeLoop home() {
            return new HomeLoop(channel.eventLoop());
        }

        @Override
        public HandleFuture<List<Extent>> newFuture(Consumer<Runnable> onGiveUp) {
            return new HandleFuture<>(new HandleLoop(channel.eventLoop()), null, onGiveUp);
        }

        @Override
        public @Nullable ExportInfo export() {
            return export;
        }

        @Override
        public NbdFuture<BlockStatus> blockStatus(NbdRange part, List<String> contexts) {
            asked.add(part);
            chosen.add(contexts);
            HandleFuture<BlockStatus> future = new HandleFuture<>(new HandleLoop(channel.eventLoop()), null, ending -> {
                cancelled++;
                ending.run();
            });
            pending = future;
            return future;
        }

        void turn() {
            channel.runPendingTasks();
        }

        /** Answers what is asked for by extents, each given by its length and its status. */
        void answer(long... extents) {
            turn();
            long offset = asked.get(asked.size() - 1).offset();
            List<Extent> list = new ArrayList<>();
            for (int i = 0; i < extents.length; i += 2) {
                list.add(new Extent(offset, extents[i], extents[i + 1]));
                offset += extents[i];
            }
            taken().done(new BlockStatus(asked.get(asked.size() - 1), Map.of(BASE, list)));
            turn();
        }

        void refuse(Throwable failure) {
            turn();
            taken().failed(failure);
            turn();
        }

        private HandleFuture<BlockStatus> taken() {
            HandleFuture<BlockStatus> future = pending;
            pending = null;
            return Objects.requireNonNull(future, "nothing is asked for");
        }
    }

    private static ExportInfo anExport(
            long size, long block, boolean extendedHeaders, boolean choosy, String... contexts) {
        List<MetaContext> granted = new ArrayList<>();
        for (String context : contexts) {
            granted.add(new MetaContext(granted.size(), context));
        }
        return new ExportInfo(
                "",
                size,
                new TransmissionFlags(choosy ? TransmissionFlags.BLOCK_STATUS_PAYLOAD : 0),
                block == 1 ? null : new SizeConstraints(block, Math.max(512, block), 1 << 25),
                true,
                extendedHeaders,
                granted,
                ExportInfo.Protocol.NEWSTYLE_FIXED,
                null,
                null);
    }

    @Test
    void followsShortAnswersAndJoinsNeighbours() {
        // Given
        Device device = Device.of(10_000, 1);
        StatusWalk walk = new StatusWalk(device, BASE, null);

        // When
        NbdFuture<List<Extent>> first = walk.next();
        device.answer(1000, 0, 500, 3);

        // Then: where the last one ends is not known yet
        assertThat(first.join()).containsExactly(new Extent(0, 1000, 0));

        // When
        NbdFuture<List<Extent>> second = walk.next();
        device.answer(500, 3);
        assertThat(second).as("nothing is complete yet").isNotDone();
        device.answer(1000, 3, 2000, 0, 100, 3);

        // Then
        assertThat(second.join()).containsExactly(new Extent(1000, 2000, 3), new Extent(3000, 2000, 0));

        // When
        NbdFuture<List<Extent>> third = walk.next();
        device.answer(4900, 0);

        // Then
        assertThat(third.join()).containsExactly(new Extent(5000, 100, 3), new Extent(5100, 4900, 0));
        assertThat(device.asked)
                .containsExactly(
                        NbdRange.of(0, 10_000),
                        NbdRange.of(1500, 8500),
                        NbdRange.of(2000, 8000),
                        NbdRange.of(5100, 4900));

        // When
        NbdFuture<List<Extent>> end = walk.next();
        NbdFuture<List<Extent>> after = walk.next();
        device.turn();

        // Then
        assertThat(end.join()).isEmpty();
        assertThat(after).isCompletedExceptionally();
        NbdFuture<List<Extent>> still = walk.next();
        device.turn();
        assertThat(still.join()).isEmpty();
        assertThat(device.asked).hasSize(4);
    }

    @Test
    void walksOverARange() {
        // Given
        Device device = Device.of(10_000, 1);
        StatusWalk walk = new StatusWalk(device, BASE, NbdRange.of(512, 1024));

        // When
        NbdFuture<List<Extent>> next = walk.next();
        device.answer(1024, 1);

        // Then
        assertThat(device.asked).containsExactly(NbdRange.of(512, 1024));
        assertThat(next.join()).containsExactly(new Extent(512, 1024, 1));
    }

    @Test
    void asksForWholeBlocksAndLeavesTheTailOut() {
        // Given
        Device device = Device.of(4 * 4096 + 100, 4096);
        StatusWalk walk = new StatusWalk(device, BASE, null);

        // When
        NbdFuture<List<Extent>> next = walk.next();
        device.answer(5000, 1);
        device.answer(904 + 1000, 0, 2288, 1, 8096, 3);

        // Then: what was known of the block that is asked about again stands
        assertThat(device.asked).containsExactly(NbdRange.of(0, 4 * 4096), NbdRange.of(4096, 3 * 4096));
        assertThat(next.join())
                .containsExactly(
                        new Extent(0, 5000, 1),
                        new Extent(5000, 1000, 0),
                        new Extent(6000, 2288, 1),
                        new Extent(8288, 8096, 3));
    }

    @Test
    void aServerThatDoesNotGetOnFailsIt() {
        // Given
        Device device = Device.of(3 * 4096, 4096);
        StatusWalk walk = new StatusWalk(device, BASE, null);
        NbdFuture<List<Extent>> next = walk.next();
        device.answer(100, 1);

        // When
        device.answer(100, 1);

        // Then
        assertThat(causeOf(next)).isInstanceOf(NbdProtocolException.class).hasMessageContaining("behind 100");
    }

    @Test
    void asksForAsMuchAsTheHeadersCanSay() {
        // Given
        Device compact = Device.of(6 * GIBI, 1);
        Device extended = new Device(anExport(6 * GIBI, 1, true, false, BASE));

        // When
        new StatusWalk(compact, BASE, null).next();
        new StatusWalk(extended, BASE, null).next();
        compact.turn();
        extended.turn();

        // Then
        assertThat(compact.asked).containsExactly(NbdRange.of(0, 0xffff_0000L));
        assertThat(extended.asked).containsExactly(NbdRange.of(0, 6 * GIBI));
    }

    @Test
    void choosesItsContextWhereThatSavesTheServerWork() {
        // Given
        Device choosy = new Device(anExport(GIBI, 1, true, true, BASE, DIRTY));
        Device single = new Device(anExport(GIBI, 1, true, true, BASE));
        Device plain = new Device(anExport(GIBI, 1, true, false, BASE, DIRTY));

        // When
        for (Device device : List.of(choosy, single, plain)) {
            new StatusWalk(device, BASE, null).next();
            device.turn();
        }

        // Then
        assertThat(choosy.chosen).containsExactly(List.of(BASE));
        assertThat(single.chosen).containsExactly(List.of());
        assertThat(plain.chosen).containsExactly(List.of());
    }

    @Test
    void aContextThatWasNotSelectedIsRefused() {
        // Given
        Device device = Device.of(GIBI, 1);

        // When
        NbdFuture<List<Extent>> next = new StatusWalk(device, "x:y", null).next();
        device.turn();

        // Then
        assertThat(causeOf(next))
                .isInstanceOfSatisfying(
                        InvalidRequestException.class,
                        e -> assertThat(e.errno()).isEqualTo(NbdError.ENOTSUP));
        assertThat(device.asked).isEmpty();
    }

    @Test
    void beforeThereIsAnExportTheDeviceSaysWhatIsWrong() {
        // Given
        Device device = new Device(null);
        InvalidRequestException refusal =
                new InvalidRequestException("no connection", null, CommandType.BLOCK_STATUS, null);

        // When
        NbdFuture<List<Extent>> next = new StatusWalk(device, BASE, null).next();
        device.refuse(refusal);

        // Then
        assertThat(causeOf(next)).isSameAs(refusal);
    }

    @Test
    void goesOnBehindAFailure() {
        // Given
        Device device = Device.of(1000, 1);
        StatusWalk walk = new StatusWalk(device, BASE, null);
        ConnectionLostException lost =
                new ConnectionLostException("gone", RequestFate.UNKNOWN, CommandType.BLOCK_STATUS, null, null);
        NbdFuture<List<Extent>> failed = walk.next();
        device.answer(400, 0);
        device.refuse(lost);
        assertThat(causeOf(failed)).isSameAs(lost);

        // When
        NbdFuture<List<Extent>> next = walk.next();
        device.answer(600, 0);

        // Then
        assertThat(device.asked.get(2)).isEqualTo(NbdRange.of(400, 600));
        assertThat(next.join()).containsExactly(new Extent(0, 1000, 0));
    }

    @Test
    void anAnswerWithoutTheContextFailsTheStepAlone() {
        // Given
        Device device = Device.of(1000, 1);
        StatusWalk walk = new StatusWalk(device, DIRTY, null);

        // When
        NbdFuture<List<Extent>> failed = walk.next();
        device.answer(1000, 0);

        // Then
        assertThat(causeOf(failed)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(DIRTY);
        NbdFuture<List<Extent>> next = walk.next();
        device.turn();
        assertThat(next).isNotDone();
        assertThat(device.asked).containsExactly(NbdRange.of(0, 1000), NbdRange.of(0, 1000));
    }

    @Test
    void aStepIsCancelledWithItsRequestAndTakenAgain() {
        // Given
        Device device = Device.of(1000, 1);
        StatusWalk walk = new StatusWalk(device, BASE, null);
        NbdFuture<List<Extent>> cancelled = walk.next();
        device.turn();

        // When
        cancelled.cancel(false);
        device.turn();

        // Then
        assertThat(cancelled).isCancelled();
        assertThat(device.cancelled).isEqualTo(1);
        NbdFuture<List<Extent>> next = walk.next();
        device.answer(1000, 0);
        assertThat(next.join()).containsExactly(new Extent(0, 1000, 0));
    }

    @Test
    void takesOneStepAtATime() {
        // Given
        Device device = Device.of(1000, 1);
        StatusWalk walk = new StatusWalk(device, BASE, null);
        NbdFuture<List<Extent>> first = walk.next();

        // When
        NbdFuture<List<Extent>> second = walk.next();
        device.turn();

        // Then
        assertThat(causeOf(second)).isInstanceOf(InvalidRequestException.class);
        device.answer(1000, 0);
        assertThat(first.join()).hasSize(1);
    }

    @Test
    void forEachWalksToTheEnd() {
        // Given
        Device device = Device.of(1000, 1);
        List<Extent> seen = new ArrayList<>();

        // When
        CompletableFuture<Void> end = new StatusWalk(device, BASE, null).forEach(seen::add);
        device.answer(100, 0, 100, 1);
        device.answer(800, 0);
        device.turn();

        // Then
        assertThat(end).isCompleted();
        assertThat(seen).containsExactly(new Extent(0, 100, 0), new Extent(100, 100, 1), new Extent(200, 800, 0));
    }

    @Test
    void forEachEndsWithTheFirstFailure() {
        // Given
        Device device = Device.of(1000, 1);
        IllegalStateException thrown = new IllegalStateException("no");
        ConnectionLostException lost =
                new ConnectionLostException("gone", RequestFate.UNKNOWN, CommandType.BLOCK_STATUS, null, null);

        // When
        CompletableFuture<Void> first = new StatusWalk(device, BASE, null).forEach(extent -> {
            throw thrown;
        });
        device.answer(1000, 0);
        CompletableFuture<Void> second = new StatusWalk(device, BASE, null).forEach(extent -> {});
        device.refuse(lost);

        // Then
        assertThat(causeOf(first)).isSameAs(thrown);
        assertThat(causeOf(second)).isSameAs(lost);
        assertThat(device.asked).hasSize(2);
    }

    private static @Nullable Throwable causeOf(CompletableFuture<?> future) {
        assertThat(future).isCompletedExceptionally();
        return assertThatExceptionOfType(CompletionException.class)
                .isThrownBy(future::join)
                .actual()
                .getCause();
    }
}
