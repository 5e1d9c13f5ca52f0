package io.nbd4j.client.internal.connection;

import static io.nbd4j.client.internal.connection.Rig.bytesOf;
import static io.nbd4j.client.internal.connection.Rig.failureOf;
import static io.nbd4j.client.internal.connection.Wire.pattern;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.RequestFate;
import io.nbd4j.codec.NbdError;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The bounds on what is in flight and on what waits, and the order of requests. */
class WindowTest {
    @Test
    void atMostSoManyRequestsAreInFlightAndTheOthersFollowInOrder() {
        try (Rig rig = Rig.with().inFlight(2).open()) {
            // Given
            List<NbdFuture<ByteBuf>> reads = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                reads.add(rig.commands.read(512, i * 512L));
            }

            // When
            List<Request> first = rig.requests();
            rig.answerRead(first.get(1));
            List<Request> second = rig.requests();
            rig.answerRead(second.get(0));
            rig.answerRead(first.get(0));
            List<Request> third = rig.requests();

            // Then
            assertThat(first).extracting(Request::offset).containsExactly(0L, 512L);
            assertThat(second).extracting(Request::offset).containsExactly(1024L);
            assertThat(third).extracting(Request::offset).containsExactly(1536L, 2048L);
            third.forEach(rig::answerRead);
            for (int i = 0; i < 5; i++) {
                assertThat(bytesOf(reads.get(i))).isEqualTo(pattern(i * 512L, 512));
            }
            assertThat(rig.connection.statistics().requestsInFlight()).isZero();
            assertThat(rig.connection.statistics().bytesInFlight()).isZero();
            assertThat(rig.connection.statistics().requestsSent()).isEqualTo(5);
            assertThat(rig.connection.statistics().repliesReceived()).isEqualTo(5);
        }
    }

    @Test
    void atMostSoManyBytesAreInFlightAndALargerRequestGoesAlone() {
        try (Rig rig = Rig.with().bytes(8192).open()) {
            // Given
            NbdFuture<ByteBuf> small = rig.commands.read(4096, 0);
            NbdFuture<ByteBuf> fits = rig.commands.read(4096, 4096);
            NbdFuture<ByteBuf> large = rig.commands.read(65536, 65536);
            NbdFuture<?> flush = rig.commands.flush();

            // When
            List<Request> first = rig.requests();
            rig.answerRead(first.get(0));
            List<Request> none = rig.requests();
            rig.answerRead(first.get(1));
            List<Request> second = rig.requests();

            // Then
            assertThat(first).extracting(Request::offset).containsExactly(0L, 4096L);
            assertThat(none).isEmpty();
            assertThat(second).extracting(Request::length).containsExactly(65536L);
            assertThat(rig.connection.statistics().bytesInFlight()).isEqualTo(65536);
            assertThat(rig.connection.statistics().requestsWaiting()).isEqualTo(1);
            rig.answerRead(second.get(0));
            rig.answer(Wire.simple(rig.request().cookie(), 0));
            assertThat(flush).isCompleted();
            List.of(small, fits, large).forEach(Rig::bytesOf);
        }
    }

    @Test
    void whatWaitsIsNeverOvertaken() {
        try (Rig rig = Rig.with().bytes(8192).open()) {
            // Given
            NbdFuture<ByteBuf> first = rig.commands.read(8192, 0);
            NbdFuture<ByteBuf> waiting = rig.commands.read(8192, 8192);

            // When
            NbdFuture<?> withoutPayload = rig.commands.flush();

            // Then
            assertThat(rig.requests()).extracting(Request::type).containsExactly(Request.READ);
            assertThat(withoutPayload).isNotDone();
            rig.hangUp();
            assertThat(List.of(first, waiting, withoutPayload)).allMatch(NbdFuture::isCompletedExceptionally);
        }
    }

    @Test
    void oneMoreThanMayWaitIsRefused() {
        try (Rig rig = Rig.with().inFlight(1).waiting(1).open()) {
            // Given
            NbdFuture<ByteBuf> sent = rig.commands.read(512, 0);
            NbdFuture<ByteBuf> waiting = rig.commands.read(512, 512);
            ByteBuf data = rig.payload(0, 512);

            // When
            NbdFuture<?> refused = rig.commands.write(data, 0, 0);

            // Then
            InvalidRequestException failure = failureOf(refused, InvalidRequestException.class);
            assertThat(failure.errno()).isEqualTo(NbdError.ENOMEM);
            assertThat(failure.fate()).isEqualTo(RequestFate.NOT_SENT);
            assertThat(data.refCnt()).isZero();
            rig.answerRead(rig.request());
            rig.answerRead(rig.request());
            assertThat(bytesOf(sent)).isEqualTo(pattern(0, 512));
            assertThat(bytesOf(waiting)).isEqualTo(pattern(512, 512));
        }
    }

    @Test
    void aSplitRequestMayBeSentWhenNothingMayWait() {
        try (Rig rig = Rig.with().inFlight(4).waiting(0).blocks(1, 512, 512).open()) {
            // When
            NbdFuture<ByteBuf> read = rig.commands.read(1024, 0);

            // Then
            rig.requests().forEach(rig::answerRead);
            assertThat(bytesOf(read)).isEqualTo(pattern(0, 1024));
        }
    }

    @Test
    void t104APeerThatTakesNothingGetsNoMoreThanTheBounds() {
        try (Rig rig = Rig.with().inFlight(16).bytes(1 << 20).open()) {
            // Given
            rig.channel.allow(0);
            List<NbdFuture<?>> writes = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                writes.add(rig.commands.write(rig.payload(0, 65536), 0, 0));
            }
            rig.turn();

            // When
            long pending = rig.channel.pending();

            // Then
            assertThat(pending).isBetween(1L << 20, (1L << 20) + 65536);
            assertThat(rig.connection.statistics().requestsInFlight()).isEqualTo(16);
            assertThat(rig.connection.statistics().requestsWaiting()).isEqualTo(484);

            // When the peer takes some and answers them
            rig.channel.allow(5 * (65536 + 28));
            List<Request> taken = rig.requests();
            taken.forEach(write -> rig.answer(Wire.simple(write.cookie(), 0)));

            // Then
            assertThat(taken).hasSize(5);
            assertThat(writes.stream().filter(NbdFuture::isDone)).hasSize(5);
            assertThat(rig.connection.statistics().requestsInFlight()).isEqualTo(16);
            rig.hangUp();
            assertThat(writes).allMatch(NbdFuture::isDone);
        }
    }

    @Test
    void aTurnWithMuchToSendDoesNotWaitForItsEnd() {
        try (Rig rig = Rig.with().inFlight(8).blocks(1, 4096, 1 << 20).open()) {
            // Given as many writes as fit, and more that follow when they are answered
            for (int i = 0; i < 12; i++) {
                rig.commands.write(rig.payload(0, 512 * 1024), i * 512L * 1024, 0);
            }
            List<Request> first = rig.requests();
            assertThat(first).hasSize(8);
            int before = rig.channel.writes();

            // When four answers come in one piece
            rig.answer(
                    Delivery.TOGETHER,
                    first.stream()
                            .limit(4)
                            .map(write -> Wire.none(write.cookie()))
                            .toArray(byte[][]::new));

            // Then
            assertThat(rig.channel.writes() - before).isEqualTo(2);
            assertThat(rig.requests()).hasSize(4);
            rig.hangUp();
        }
    }

    @Test
    void theRequestsOfOneTurnLeaveInOneWrite() {
        try (Rig rig = Rig.structured()) {
            // Given
            for (int i = 0; i < 32; i++) {
                rig.commands.write(rig.payload(i * 4096L, 4096), i * 4096L, 0);
            }
            int before = rig.channel.writes();

            // When
            List<Request> requests = rig.requests();

            // Then
            assertThat(requests).hasSize(32);
            assertThat(rig.channel.writes() - before).isEqualTo(1);
            for (Request request : requests) {
                assertThat(request.payload()).isEqualTo(pattern(request.offset(), 4096));
            }
            rig.hangUp();
        }
    }

    @Test
    void smallAndLargePayloadsKeepTheirOrderAndTheirBytes() {
        try (Rig rig = Rig.structured()) {
            // Given
            int[] lengths = {1, 16384, 16385, 3, 70000, 512, 262144, 16384, 20};
            List<ByteBuf> buffers = new ArrayList<>();
            for (int length : lengths) {
                ByteBuf data = rig.payload(length, length);
                buffers.add(data);
                rig.commands.write(data, length, 0);
            }

            // When
            List<Request> requests = rig.requests();

            // Then
            assertThat(requests).hasSameSizeAs(buffers);
            for (int i = 0; i < lengths.length; i++) {
                assertThat(requests.get(i).offset()).isEqualTo(lengths[i]);
                assertThat(requests.get(i).payload()).isEqualTo(pattern(lengths[i], lengths[i]));
            }
            assertThat(buffers).allMatch(buffer -> buffer.refCnt() == 0);
            rig.hangUp();
        }
    }
}
