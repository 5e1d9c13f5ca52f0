package io.nbd4j.client.conformance;

import static io.nbd4j.client.conformance.Request.READ;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdException;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.RequestFate;
import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.codec.TransmissionFlags;
import io.nbd4j.codec.golden.WireBytes;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;

/**
 * Section 6.9: the stream breaks. There is no reconnecting device, so where a case speaks of reconnecting, a second handle
 * is made by the same builder. The time limit only ends what hangs.
 */
@Timeout(60)
class StreamRobustnessIT {
    @EachWayWithReset
    @TypedBytes
    void t230_aResetInTheIdleStateFailsTheNextOperation(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.SIMPLE)) {
            // When
            dialogue.server().reset();

            // Then
            NbdException failure = dialogue.failureOf(dialogue.nbd.pread(512, 0), NbdException.class);
            assertThat(failure.fate()).isIn(RequestFate.NOT_SENT, RequestFate.UNKNOWN);
            assertThat(dialogue.nbd.isDead()).isTrue();
            try (Dialogue second = dialogue.again(Export.STRUCTURED)) {
                second.assertWorks();
            }
        }
    }

    @EachWayWithReset
    @TypedBytes
    void t231_aResetFailsEachOfAHundredRequestsOnce(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.SIMPLE)) {
            // Given
            AtomicInteger completions = new AtomicInteger();
            List<NbdFuture<ByteBuf>> reads = new ArrayList<>();
            List<CompletableFuture<?>> ends = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                NbdFuture<ByteBuf> read = dialogue.nbd.pread(512, i * 512L);
                reads.add(read);
                ends.add(read.handle((buffer, failure) -> completions.incrementAndGet()));
            }
            for (int i = 0; i < 100; i++) {
                dialogue.receive(READ);
            }

            // When
            dialogue.server().reset();

            // Then
            Set<Throwable> distinct = Collections.newSetFromMap(new IdentityHashMap<>());
            for (NbdFuture<ByteBuf> read : reads) {
                ConnectionLostException failure = dialogue.failureOf(read, ConnectionLostException.class);
                assertThat(failure.fate()).isEqualTo(RequestFate.UNKNOWN);
                distinct.add(failure);
            }
            ends.forEach(dialogue::await);
            assertThat(distinct).hasSize(100);
            assertThat(completions).hasValue(100);
            assertThat(dialogue.nbd.isDead()).isTrue();
        }
    }

    @EachWay
    @TypedBytes
    void t232_whatWasAnsweredBeforeTheServerClosedItsHalfIsGood(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.SIMPLE)) {
            // Given
            NbdFuture<ByteBuf> answered = dialogue.nbd.pread(4, 0);
            Request request = dialogue.receive(READ);
            NbdFuture<ByteBuf> owed = dialogue.nbd.pread(512, 512);
            dialogue.receive(READ);

            // When
            dialogue.send("67446698 00000000" + request.echo() + "'good'")
                    .server()
                    .halfClose();

            // Then
            assertThat(dialogue.bytesOf(answered)).isEqualTo(WireBytes.parse("'good'"));
            assertThat(dialogue.failureOf(owed, ConnectionLostException.class).fate())
                    .isEqualTo(RequestFate.UNKNOWN);
            dialogue.assertGone();
        }
    }

    @EachWay
    @TypedBytes
    void t233_garbageBehindAValidReplyEndsTheConnection(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.SIMPLE)) {
            // Given
            byte[] garbage = new byte[100];
            new Random(233).nextBytes(garbage);
            NbdFuture<ByteBuf> answered = dialogue.nbd.pread(4, 0);
            Request request = dialogue.receive(READ);
            NbdFuture<ByteBuf> pending = dialogue.nbd.pread(512, 512);
            dialogue.receive(READ);

            // When
            dialogue.send("67446698 00000000" + request.echo() + "'good'").send(garbage);

            // Then
            assertThat(dialogue.bytesOf(answered)).isEqualTo(WireBytes.parse("'good'"));
            dialogue.assertDropped(pending);
        }
    }

    @EachWay
    @TypedBytes
    void t235_aReplyBehindDiscDoesNoHarm(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.SIMPLE)) {
            // When
            NbdFuture<@Nullable Void> closed = dialogue.nbd.closeAsync();
            dialogue.expect("25609513 0000 0002");
            dialogue.server().read(8 + 8 + 4);
            dialogue.server().expectEnd();
            dialogue.send("67446698 00000000 0000000000000001").server().hangUp();

            // Then
            dialogue.await(closed);
            assertThat(dialogue.nbd.isClosed()).isTrue();
        }
    }

    @EachWay
    @TypedBytes
    void t236_aSecondHandleLearnsSizesAndFlagsAnew(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.STRUCTURED.sizes("00000001 00001000 00100000"))) {
            // Given
            NbdClient first = dialogue.nbd;
            dialogue.server().hangUp();

            // When
            try (Dialogue again = dialogue.again(
                    Export.SIMPLE.size(4096).flags(TransmissionFlags.HAS_FLAGS | TransmissionFlags.READ_ONLY))) {
                // Then
                assertThat(again.nbd.export().size()).isEqualTo(4096);
                assertThat(again.nbd.export().isReadOnly()).isTrue();
                assertThat(again.nbd.export().canFlush()).isFalse();
                assertThat(again.nbd.export().structuredReplies()).isFalse();
                assertThat(again.nbd.export().constraints()).isNull();
                again.assertWorks();
            }
            assertThat(first.export().size()).isEqualTo(1 << 20);
            assertThat(first.export().constraints()).isEqualTo(new SizeConstraints(1, 4096, 1 << 20));
        }
    }

    @EachWay
    void t237_aCompletionThatThrowsDisturbsNobody(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.STRUCTURED)) {
            // Given
            NbdFuture<ByteBuf> first = dialogue.nbd.pread(512, 0);
            CompletableFuture<Void> thrown = first.thenAccept(buffer -> {
                buffer.release();
                throw new IllegalStateException("thrown by a completion");
            });
            Request one = dialogue.receive(READ);
            NbdFuture<ByteBuf> second = dialogue.nbd.pread(512, 512);
            Request two = dialogue.receive(READ);

            // When
            dialogue.send(Says.allData(one), Says.allData(two));

            // Then
            assertThat(dialogue.bytesOf(second)).isEqualTo(Says.pattern(512, 512));
            assertThat(dialogue.failureOf(thrown, Throwable.class)).hasRootCauseMessage("thrown by a completion");
            dialogue.assertWorks();
        }
    }
}
