package io.nbd4j.client.conformance;

import static io.nbd4j.client.conformance.Dialogue.GO_ACK;
import static io.nbd4j.client.conformance.Dialogue.GO_EXPORT;
import static io.nbd4j.client.conformance.Dialogue.GO_INFO;
import static io.nbd4j.client.conformance.Dialogue.GREETING;
import static io.nbd4j.client.conformance.Dialogue.OPTION;
import static io.nbd4j.client.conformance.Dialogue.STRUCTURED_REPLY;
import static io.nbd4j.client.conformance.Dialogue.STRUCTURED_REPLY_ACK;
import static io.nbd4j.client.conformance.Request.READ;
import static io.nbd4j.client.conformance.Request.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.CommandRefusedException;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.SizeConstraints;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;

/** Section 6.8: the size constraints. The time limit only ends what hangs. */
@Timeout(60)
class SizesIT {
    private static final int MEBI = 1024 * 1024;

    /** What is not a multiple of the minimum block is refused, not widened. */
    @EachWay
    @TypedBytes
    void t220_unalignedRangesAreRefusedAndLongWritesAreSplit(Way way) {
        try (Dialogue dialogue =
                Dialogue.ready(way, Export.STRUCTURED.size(4 * MEBI).sizes("00001000 00010000 00100000"))) {
            // Given
            for (NbdFuture<?> unaligned : List.of(
                    dialogue.nbd.pread(4096, 512),
                    dialogue.nbd.pread(512, 4096),
                    dialogue.nbd.trim(512, 0),
                    dialogue.nbd.zero(4096, 1),
                    dialogue.nbd.pwrite(Unpooled.wrappedBuffer(new byte[4095]), 0))) {
                assertThat(dialogue.failureOf(unaligned, InvalidRequestException.class))
                        .hasMessageContaining("minimum block of 4096");
            }

            // When
            byte[] bytes = Says.pattern(0, MEBI + 4096);
            NbdFuture<@Nullable Void> write = dialogue.nbd.pwrite(ByteBuffer.wrap(bytes), 4096);

            // Then
            Request first = dialogue.receive(WRITE);
            assertThat(first.offset()).isEqualTo(4096);
            assertThat(first.length()).isEqualTo(MEBI);
            assertThat(dialogue.server().read(MEBI)).isEqualTo(Says.pattern(0, MEBI));
            Request second = dialogue.receive(WRITE);
            assertThat(second.offset()).isEqualTo(4096 + MEBI);
            assertThat(second.length()).isEqualTo(4096);
            assertThat(dialogue.server().read(4096)).isEqualTo(Says.pattern(MEBI, 4096));
            dialogue.send("67446698 00000000" + first.echo()).send("67446698 00000000" + second.echo());
            dialogue.await(write);
        }
    }

    @EachTransport
    @TypedBytes
    void t222_withoutAFixedLimitTheOwnLimitHolds(Way way) {
        int limit = 32 * MEBI;
        try (Dialogue dialogue =
                Dialogue.ready(way, Export.STRUCTURED.size(64 * MEBI).sizes("00000001 00001000 ffffffff"))) {
            // When
            NbdFuture<@Nullable Void> read = dialogue.nbd.pread(ByteBuffer.allocate(limit + 512), 0);

            // Then
            Request first = dialogue.receive(READ);
            assertThat(first.length()).isEqualTo(limit);
            Request second = dialogue.receive(READ);
            assertThat(second.offset()).isEqualTo(limit);
            assertThat(second.length()).isEqualTo(512);
            for (Request request : List.of(first, second)) {
                dialogue.send("668e33ef 0001 8001" + request.echo() + "00000006 0000000c 0000");
            }
            assertThat(dialogue.failureOf(read, CommandRefusedException.class).errno())
                    .isEqualTo(NbdError.ENOMEM);
            dialogue.assertWorks();
        }
    }

    @EachTransport
    @TypedBytes
    void t223_aMaximumThatIsNoMultipleOfTheMinimumIsRoundedDown(Way way) {
        int rounded = 1_000_001 - 1_000_001 % 512;
        try (Dialogue dialogue =
                Dialogue.ready(way, Export.STRUCTURED.size(4 * MEBI).sizes("00000200 00001000 000f4241"))) {
            // Given
            assertThat(dialogue.nbd.export().constraints()).isEqualTo(new SizeConstraints(512, 4096, 1_000_001));

            // When
            NbdFuture<ByteBuf> read = dialogue.nbd.pread(MEBI, 512);

            // Then
            Request first = dialogue.receive(READ);
            assertThat(first.offset()).isEqualTo(512);
            assertThat(first.length()).isEqualTo(rounded);
            Request second = dialogue.receive(READ);
            assertThat(second.offset()).isEqualTo(512 + rounded);
            assertThat(second.length()).isEqualTo(MEBI - rounded);
            for (Request request : List.of(second, first)) {
                String end = "668e33ef 0001 0002" + request.echo() + "0000000c";
                dialogue.send(end + "%016x %08x".formatted(request.offset(), request.length()));
            }
            assertThat(dialogue.bytesOf(read)).isEqualTo(new byte[MEBI]);
        }
    }

    @EachWay
    @TypedBytes
    void t224_theTailBehindTheLastWholeBlockIsNotAskedFor(Way way) {
        try (Dialogue dialogue =
                Dialogue.ready(way, Export.STRUCTURED.size(65537).sizes("00001000 00001000 00100000"))) {
            // Given
            NbdFuture<ByteBuf> tail = dialogue.nbd.pread(1, 65536);
            NbdFuture<ByteBuf> rounded = dialogue.nbd.pread(4096, 65536);

            // Then
            assertThat(dialogue.failureOf(tail, InvalidRequestException.class))
                    .hasMessageContaining("the last 1 bytes of the export are out of reach");
            assertThat(dialogue.failureOf(rounded, InvalidRequestException.class))
                    .hasMessageContaining("not within the export, whose size is 65537");

            // When
            NbdFuture<ByteBuf> last = dialogue.nbd.pread(4096, 61440);

            // Then
            Request request = dialogue.receive(READ);
            assertThat(request.offset()).isEqualTo(61440);
            dialogue.send("668e33ef 0001 0002" + request.echo() + "0000000c 000000000000f000 00001000");
            assertThat(dialogue.bytesOf(last)).isEqualTo(new byte[4096]);
        }
    }

    @EachWay
    @TypedBytes
    void t225_sizeConstraintsThatNobodyAskedForDoNoHarm(Way way) {
        try (Dialogue dialogue = Dialogue.connected(way, options -> options.requestBlockSize(false))) {
            // Given
            dialogue.send(GREETING)
                    .expect("00000003" + STRUCTURED_REPLY)
                    .send(STRUCTURED_REPLY_ACK)
                    .expect(OPTION + "00000007 00000006 00000000 0000");

            // When
            dialogue.send(GO_INFO + "0000000e 0003 00000010 00001000 00010000")
                    .send(GO_EXPORT)
                    .send(GO_ACK)
                    .awaitReady();

            // Then
            assertThat(dialogue.nbd.export().constraints()).isEqualTo(new SizeConstraints(16, 4096, 65536));
            dialogue.assertWorks();
        }
    }
}
