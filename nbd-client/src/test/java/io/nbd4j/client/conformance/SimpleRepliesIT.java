package io.nbd4j.client.conformance;

import static io.nbd4j.client.conformance.Request.FAST_ZERO;
import static io.nbd4j.client.conformance.Request.FLUSH;
import static io.nbd4j.client.conformance.Request.READ;
import static io.nbd4j.client.conformance.Request.TRIM;
import static io.nbd4j.client.conformance.Request.WRITE;
import static io.nbd4j.client.conformance.Request.WRITE_ZEROES;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.CommandRefusedException;
import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdTimeoutException;
import io.nbd4j.client.RequestFate;
import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.TransmissionFlags;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;

/** Section 6.4: simple replies, and what is sent. The time limit only ends what hangs. */
@Timeout(60)
class SimpleRepliesIT {
    private static final int KIBI = 1024;
    private static final int MEBI = KIBI * KIBI;

    // ---- Answers

    @EachWay
    @TypedBytes
    void t090_aReadGetsItsData(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.SIMPLE)) {
            // When
            NbdFuture<ByteBuf> read = dialogue.nbd.pread(4096, 0x1000);
            dialogue.expect("25609513 0000 0000");
            String cookie = dialogue.server().readHex(8);
            dialogue.expect("0000000000001000 00001000")
                    .send("67446698 00000000" + cookie)
                    .send("aa*4095 bb");

            // Then
            byte[] bytes = dialogue.bytesOf(read);
            assertThat(bytes).hasSize(4096).startsWith(0xaa).endsWith(0xbb);
            dialogue.assertWorks();
        }
    }

    @EachWay
    void t091_readsThatAreAnsweredInReverseGetTheirOwnData(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.SIMPLE)) {
            // Given
            NbdFuture<ByteBuf> first = dialogue.nbd.pread(100, 0);
            Request one = dialogue.receive(READ);
            NbdFuture<ByteBuf> second = dialogue.nbd.pread(300, 5000);
            Request two = dialogue.receive(READ);

            // When
            dialogue.send(Says.simpleData(two), Says.simpleData(one));

            // Then
            assertThat(dialogue.bytesOf(first)).isEqualTo(Says.pattern(0, 100));
            assertThat(dialogue.bytesOf(second)).isEqualTo(Says.pattern(5000, 300));
            dialogue.assertWorks();
        }
    }

    @EachWay
    void t092_manyReadsThatAreAnsweredInAnyOrderGetTheirOwnData(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.SIMPLE)) {
            // Given
            List<NbdFuture<ByteBuf>> reads = new ArrayList<>();
            List<Request> requests = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                reads.add(dialogue.nbd.pread(64, i * 1000L));
            }
            for (int i = 0; i < 64; i++) {
                requests.add(dialogue.receive(READ));
            }

            // When
            Collections.shuffle(requests, new Random(92));
            requests.forEach(request -> dialogue.send(Says.simpleData(request)));

            // Then
            for (int i = 0; i < 64; i++) {
                assertThat(dialogue.bytesOf(reads.get(i))).as("read %d", i).isEqualTo(Says.pattern(i * 1000L, 64));
            }
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t094_anUnknownErrorIsEinvalAndTheConnectionIsKept(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.SIMPLE)) {
            // When
            NbdFuture<ByteBuf> read = dialogue.nbd.pread(512, 0);
            Request request = dialogue.receive(READ);
            dialogue.send("67446698 00003039" + request.echo());

            // Then
            CommandRefusedException refused = dialogue.failureOf(read, CommandRefusedException.class);
            assertThat(refused.errno()).isEqualTo(NbdError.EINVAL);
            assertThat(refused.rawError()).isEqualTo(12345);
            assertThat(refused.fate()).isEqualTo(RequestFate.REFUSED);
            dialogue.assertWorks();
        }
    }

    @EachWay
    void t095_writeTrimAndFlushMayBeAnsweredInAnyOrder(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.SIMPLE)) {
            // Given
            byte[] bytes = Says.pattern(4096, 700);
            NbdFuture<@Nullable Void> write = dialogue.nbd.pwrite(Unpooled.wrappedBuffer(bytes), 4096);
            Request writing = dialogue.receive(WRITE);
            dialogue.server().expect(bytes);
            NbdFuture<@Nullable Void> trim = dialogue.nbd.trim(512, 8192);
            Request trimming = dialogue.receive(TRIM);
            NbdFuture<@Nullable Void> flush = dialogue.nbd.flush();
            Request flushing = dialogue.receive(FLUSH);
            assertThat(flushing.offset()).isZero();
            assertThat(flushing.length()).isZero();

            // When
            dialogue.send(Says.simple(flushing, 0), Says.simple(writing, 0), Says.simple(trimming, 0));

            // Then
            dialogue.await(write);
            dialogue.await(trim);
            dialogue.await(flush);
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t096_anAnswerThatNobodyAskedForEndsTheConnection(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.SIMPLE)) {
            NbdFuture<ByteBuf> read = dialogue.nbd.pread(512, 0);
            Request request = dialogue.receive(READ);
            Request unknown = new Request(0, READ, request.cookie() ^ 1L << 40, 0, 512);
            dialogue.send("67446698 00000000" + unknown.echo()).assertDropped(read);
        }
    }

    @EachWay
    void t097_aSecondAnswerEndsTheConnection(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.SIMPLE)) {
            // Given
            NbdFuture<ByteBuf> answered = dialogue.nbd.pread(512, 0);
            Request request = dialogue.receive(READ);
            NbdFuture<ByteBuf> pending = dialogue.nbd.pread(512, 512);
            dialogue.receive(READ);
            dialogue.send(Says.simpleData(request));
            dialogue.bytesOf(answered);

            // When // Then
            dialogue.send(Says.simple(request, 0)).assertDropped(pending);
        }
    }

    @EachWay
    @TypedBytes
    void t099_aHeaderMayBeSplitAnywhere(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.SIMPLE)) {
            for (int split : new int[] {4, 8, 15}) {
                // When
                NbdFuture<ByteBuf> read = dialogue.nbd.pread(4, 0);
                Request request = dialogue.receive(READ);
                String header = "6744669800000000" + request.echo();
                dialogue.send(header.substring(0, 2 * split)).server().expectSilence(Duration.ofMillis(2));
                dialogue.send(header.substring(2 * split) + "'data'");

                // Then
                assertThat(dialogue.bytesOf(read)).containsExactly('d', 'a', 't', 'a');
            }
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t100_anEndInTheMiddleOfDataFailsAll(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.SIMPLE)) {
            // Given
            NbdFuture<ByteBuf> half = dialogue.nbd.pread(512, 0);
            Request request = dialogue.receive(READ);
            NbdFuture<@Nullable Void> other = dialogue.nbd.flush();
            dialogue.receive(FLUSH);

            // When
            dialogue.send("67446698 00000000" + request.echo() + "dd*256")
                    .server()
                    .hangUp();

            // Then
            assertThat(dialogue.failureOf(half, ConnectionLostException.class))
                    .hasMessageContaining("in the middle of a reply");
            assertThat(dialogue.failureOf(other, ConnectionLostException.class).fate())
                    .isEqualTo(RequestFate.UNKNOWN);
            assertThat(dialogue.nbd.isDead()).isTrue();
        }
    }

    // ---- Answers that do not come, or come late

    @EachWay
    void t101_aRequestThatIsNotAnsweredEndsAlone(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.SIMPLE)) {
            // Given
            NbdFuture<ByteBuf> never = dialogue.nbd.pread(512, 0);
            Request unanswered = dialogue.receive(READ);
            NbdFuture<ByteBuf> other = dialogue.nbd.pread(512, 512);
            Request answered = dialogue.receive(READ);

            // When
            dialogue.failureOf(never.orTimeout(20, TimeUnit.MILLISECONDS), TimeoutException.class);

            // Then
            dialogue.send(Says.simpleData(answered));
            assertThat(dialogue.bytesOf(other)).isEqualTo(Says.pattern(512, 512));
            for (int i = 0; i < 4; i++) {
                NbdFuture<ByteBuf> next = dialogue.nbd.pread(16, 0);
                Request request = dialogue.receive(READ);
                assertThat(request.cookie()).isNotEqualTo(unanswered.cookie());
                dialogue.send(Says.simpleData(request));
                dialogue.bytesOf(next);
            }
            dialogue.assertWorks();
        }
        assertTheTimeoutOfTheBuilderHolds(way);
    }

    private static void assertTheTimeoutOfTheBuilderHolds(Way way) {
        try (Dialogue dialogue =
                Dialogue.ready(way, Export.SIMPLE, options -> options.requestTimeout(Duration.ofMillis(150)))) {
            NbdFuture<ByteBuf> never = dialogue.nbd.pread(512, 0);
            dialogue.receive(READ);
            assertThat(dialogue.failureOf(never, NbdTimeoutException.class).fate())
                    .isEqualTo(RequestFate.UNKNOWN);
            assertThat(dialogue.nbd.isReady()).isTrue();
        }
    }

    @EachWay
    @TypedBytes
    void t102_aLateAnswerIsThrownAway(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.SIMPLE)) {
            // Given
            NbdFuture<ByteBuf> read = dialogue.nbd.pread(512, 0);
            Request request = dialogue.receive(READ);
            dialogue.failureOf(read.orTimeout(20, TimeUnit.MILLISECONDS), TimeoutException.class);

            // When // Then
            dialogue.send("67446698 00000000" + request.echo() + "ee*512").assertWorks();
        }
    }

    // ---- What is sent, and what is not

    @EachWay
    void t104_aServerThatStopsReadingIsNotSentMoreThanTheBoundsAllow(Way way) {
        int block = 128 * KIBI;
        int writes = 32;
        try (Dialogue dialogue =
                Dialogue.ready(way, Export.SIMPLE.size(4 * MEBI), options -> options.maxBytesInFlight(4L * block))) {
            // Given
            NbdFuture<ByteBuf> read = dialogue.nbd.pread(512, 0);
            Request reading = dialogue.receive(READ);
            List<NbdFuture<@Nullable Void>> pending = new ArrayList<>();
            byte[] bytes = Says.pattern(0, block);
            for (int i = 0; i < writes; i++) {
                pending.add(dialogue.nbd.pwrite(ByteBuffer.wrap(bytes), (long) i * block));
            }

            // When
            Awaitility.await()
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(1))
                    .until(() -> dialogue.nbd.statistics().requestsInFlight()
                                    + dialogue.nbd.statistics().requestsWaiting()
                            == writes + 1);

            // Then
            assertThat(dialogue.nbd.statistics().bytesInFlight()).isLessThanOrEqualTo(4L * block);
            assertThat(dialogue.nbd.statistics().requestsWaiting()).isGreaterThanOrEqualTo(writes - 4);
            dialogue.send(Says.simpleData(reading));
            assertThat(dialogue.bytesOf(read)).isEqualTo(Says.pattern(0, 512));

            // When
            for (int i = 0; i < writes; i++) {
                Request writing = dialogue.receive(WRITE);
                dialogue.server().expect(bytes);
                dialogue.send(Says.simple(writing, 0));
            }

            // Then
            pending.forEach(dialogue::await);
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t105_nothingThatWritesIsSentToAReadOnlyExport(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.SIMPLE.with(TransmissionFlags.READ_ONLY))) {
            // When
            List<NbdFuture<@Nullable Void>> writing = List.of(
                    dialogue.nbd.pwrite(Unpooled.wrappedBuffer(new byte[512]), 0),
                    dialogue.nbd.trim(512, 0),
                    dialogue.nbd.zero(512, 0));

            // Then
            writing.forEach(future -> {
                InvalidRequestException refused = dialogue.failureOf(future, InvalidRequestException.class);
                assertThat(refused.errno()).isEqualTo(NbdError.EPERM);
                assertThat(refused.fate()).isEqualTo(RequestFate.NOT_SENT);
            });
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t106_noFlushIsSentToAServerThatDoesNotAdvertiseIt(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.SIMPLE.without(TransmissionFlags.SEND_FLUSH))) {
            dialogue.failureOf(dialogue.nbd.flush(), InvalidRequestException.class);
            dialogue.assertWorks();
        }
    }

    @EachWay
    void t107_fuaIsNotSentToAServerThatDoesNotAdvertiseIt(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.SIMPLE.without(TransmissionFlags.SEND_FUA))) {
            // Given
            dialogue.failureOf(
                    dialogue.nbd.pwrite(Unpooled.wrappedBuffer(new byte[16]), 0, CommandFlag.FUA),
                    InvalidRequestException.class);

            // When
            NbdFuture<@Nullable Void> write = dialogue.nbd.pwrite(Unpooled.wrappedBuffer(new byte[16]), 0);

            // Then
            Request writing = dialogue.receive(WRITE);
            dialogue.expect("00*16").send(Says.simple(writing, 0));
            dialogue.await(write);
        }
    }

    @EachWay
    @TypedBytes
    void t109_aReadOfNothingIsNotSent(Way way) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.SIMPLE)) {
            dialogue.failureOf(dialogue.nbd.pread(0, 0), InvalidRequestException.class);
            dialogue.assertWorks();
        }
    }

    @EachTransport
    void t110_aWriteOfMoreThan32MibIsSplit(Way way) {
        int limit = 32 * MEBI;
        try (Dialogue dialogue = Dialogue.ready(way, Export.SIMPLE.size(64 * MEBI))) {
            // When
            ByteBuffer data = ByteBuffer.allocate(limit + 1);
            data.put(limit, (byte) 7);
            NbdFuture<@Nullable Void> write = dialogue.nbd.pwrite(data, 512);

            // Then
            Request first = dialogue.receive(WRITE);
            assertThat(first.offset()).isEqualTo(512);
            assertThat(first.length()).isEqualTo(limit);
            assertThat(Arrays.equals(dialogue.server().read(limit), new byte[limit]))
                    .isTrue();
            Request second = dialogue.receive(WRITE);
            assertThat(second.offset()).isEqualTo(512L + limit);
            assertThat(second.length()).isOne();
            dialogue.expect("07").send(Says.simple(second, 0), Says.simple(first, 0));
            dialogue.await(write);
            dialogue.assertWorks();
        }
    }

    @EachWay
    void t111_aWriteThatIsGivenUpIsSentToItsEnd(Way way) {
        int length = 4 * MEBI;
        try (Dialogue dialogue = Dialogue.ready(way, Export.SIMPLE.size(length))) {
            // Given
            byte[] bytes = Says.pattern(0, length);
            NbdFuture<@Nullable Void> write = dialogue.nbd.pwrite(Unpooled.wrappedBuffer(bytes), 0);
            Request writing = dialogue.receive(WRITE);

            // When
            assertThat(write.cancel(false)).isTrue();

            // Then
            assertThat(dialogue.server().read(length)).isEqualTo(bytes);
            dialogue.send(Says.simple(writing, 0));
            dialogue.failureOf(write, CancellationException.class);
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t112_nothingFollowsDiscAndTheEndIsNotWaitedForForEver(Way way) {
        try (Dialogue dialogue =
                Dialogue.ready(way, Export.SIMPLE, options -> options.graceTimeout(Duration.ofMillis(20)))) {
            // When
            NbdFuture<@Nullable Void> closed = dialogue.nbd.closeAsync();

            // Then
            dialogue.expect("25609513 0000 0002");
            dialogue.server().read(8);
            dialogue.expect("0000000000000000 00000000").server().expectEnd();
            dialogue.await(closed);
            assertThat(dialogue.nbd.isClosed()).isTrue();
        }
    }

    @EachWay
    void t116_aZeroThatCannotBeFastIsRefusedAndTheConnectionIsKept(Way way) {
        assertZeroIsRefused(way, NbdError.ENOTSUP);
    }

    @EachWay
    void t117_aZeroThatIsTooLongIsRefusedAndTheConnectionIsKept(Way way) {
        assertZeroIsRefused(way, NbdError.EOVERFLOW);
    }

    private static void assertZeroIsRefused(Way way, NbdError error) {
        try (Dialogue dialogue = Dialogue.ready(way, Export.SIMPLE)) {
            // When
            NbdFuture<@Nullable Void> zero = dialogue.nbd.zero(65536, 0, CommandFlag.FAST_ZERO);
            Request request = dialogue.receive(WRITE_ZEROES, FAST_ZERO);
            dialogue.send(Says.simple(request, error.wire()));

            // Then
            assertThat(dialogue.failureOf(zero, CommandRefusedException.class).errno())
                    .isEqualTo(error);
            dialogue.assertWorks();
        }
    }
}
