package io.nbd4j.client.internal.connection;

import static io.nbd4j.client.internal.connection.Rig.bytesOf;
import static io.nbd4j.client.internal.connection.Rig.failureOf;
import static io.nbd4j.client.internal.connection.Wire.pattern;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.CommandRefusedException;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdTimeoutException;
import io.nbd4j.client.RequestFate;
import io.nbd4j.client.internal.tls.psk.PskLayer;
import io.nbd4j.client.internal.tls.psk.PskServer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bouncycastle.tls.ProtocolVersion;
import org.junit.jupiter.api.Test;

/** The watch for a server that does nothing, in a time that passes only when the test says so. */
class StallTest {
    private static final int LARGE = 1 << 20;

    private static final byte[] KEY = "a key that both know".getBytes(StandardCharsets.US_ASCII);

    private static Rig rig() {
        return Rig.with().stallSeconds(60).open();
    }

    private static Rig rigUnderPsk(PskServer server) {
        PskLayer layer = new PskLayer("alice", KEY, null, Runnable::run);
        Rig rig = Rig.with().stallSeconds(60).tls(layer).open();
        carry(rig, server);
        return rig;
    }

    /** Carries bytes between the two until both are silent. */
    private static void carry(Rig rig, PskServer server) {
        boolean any = true;
        while (any) {
            rig.turn();
            ByteBuf answer = server.take(Unpooled.wrappedBuffer(rig.channel.take()));
            any = answer.isReadable();
            rig.receive(answer);
        }
    }

    @Test
    void aServerThatOwesAReplyAndDoesNothingIsDead() {
        try (Rig rig = rig()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0);
            rig.requests();

            // When
            rig.pass(59);
            assertThat(read).isNotDone();
            rig.pass(1);

            // Then
            NbdTimeoutException failure = failureOf(read, NbdTimeoutException.class);
            assertThat(failure.fate()).isEqualTo(RequestFate.UNKNOWN);
            assertThat(failure).hasMessageContaining("owes 1 replies");
            assertThat(rig.losses).extracting(Loss::kind).containsExactly(Loss.Kind.STALLED);
            assertThat(rig.channel.isOpen()).isFalse();
        }
    }

    @Test
    void aServerThatOwesNothingMayBeSilent() {
        try (Rig rig = rig()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0);
            rig.answerRead(rig.request());
            bytesOf(read);

            // When
            rig.pass(1000);

            // Then
            rig.assertWorks();
            rig.pass(1000);
            rig.assertWorks();
        }
    }

    @Test
    void aServerThatAnswersAWriteAndNeverTakesItIsDead() {
        try (Rig rig = rig()) {
            // Given
            rig.channel.allow(28);
            NbdFuture<?> write = rig.commands.write(rig.payload(0, LARGE), 0, 0);
            rig.turn();
            rig.answer(Wire.simple(1L << 32, 1));
            assertThat(write).isNotDone();

            // When
            rig.pass(60);

            // Then
            assertThat(rig.losses).extracting(Loss::kind).containsExactly(Loss.Kind.STALLED);
            assertThat(rig.losses.get(0).what()).contains("has yet to take what was sent");
            failureOf(write, CommandRefusedException.class);
        }
    }

    @Test
    void aServerThatAnswersAndReadsNothingIsSentNoMoreThanTheBacklog() {
        try (Rig rig = rig()) {
            // Given
            rig.channel.allow(0);
            List<NbdFuture<?>> writes = new ArrayList<>();

            // When
            for (long generation = 1; generation <= 4000; generation++) {
                NbdFuture<?> write = rig.commands.write(rig.payload(0, 16 * 1024), 0, 0);
                rig.turn();
                writes.add(write);
                if (rig.connection.statistics().requestsInFlight() == 1) {
                    rig.answer(Wire.simple(generation << 32, 0));
                }
            }

            // Then
            assertThat(rig.channel.pending()).isLessThan(17 << 20);
            assertThat(writes.get(0)).isCompleted();
            assertThat(writes.get(3999)).isNotDone();
            rig.pass(60);
            assertThat(rig.losses).extracting(Loss::kind).containsExactly(Loss.Kind.STALLED);
            failureOf(writes.get(3999), NbdTimeoutException.class);
        }
    }

    @Test
    void whatWaitedForTheServerToReadGoesOnOnceItDoes() {
        try (Rig rig = rig()) {
            // Given
            rig.channel.allow(28);
            rig.commands.write(rig.payload(0, 20 << 20), 0, 0);
            rig.turn();
            rig.answer(Wire.simple(1L << 32, 1));
            NbdFuture<?> flush = rig.commands.flush();
            rig.turn();
            rig.pass(59);
            assertThat(rig.connection.statistics().requestsWaiting()).isEqualTo(1);

            // When
            rig.channel.allow(Long.MAX_VALUE);
            Request sent = rig.requests().get(1);

            // Then
            assertThat(sent.type()).isEqualTo(Request.FLUSH);
            rig.answer(Wire.simple(sent.cookie(), 0));
            assertThat(flush).isCompleted();
        }
    }

    @Test
    void theTimeCountsFromTheRequestThatIsOwed() {
        try (Rig rig = rig()) {
            // Given a watch that was started by an earlier request
            NbdFuture<ByteBuf> first = rig.commands.read(512, 0);
            rig.answerRead(rig.request());
            bytesOf(first);
            rig.pass(50);

            // When
            NbdFuture<ByteBuf> second = rig.commands.read(512, 512);
            Request request = rig.request();
            rig.pass(59);

            // Then
            assertThat(second).isNotDone();
            rig.answerRead(request);
            assertThat(bytesOf(second)).isEqualTo(pattern(512, 512));
        }
    }

    @Test
    void anyByteReceivedIsASignOfLife() {
        try (Rig rig = rig()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(8, 0);
            Request request = rig.request();
            byte[] answer = Wire.lastData(request.cookie(), 0, pattern(0, 8));

            // When
            for (int i = 0; i < answer.length - 1; i++) {
                rig.pass(50);
                rig.answer(Arrays.copyOfRange(answer, i, i + 1));
            }

            // Then
            assertThat(rig.losses).isEmpty();
            rig.pass(60);
            failureOf(read, NbdTimeoutException.class);
        }
    }

    @Test
    void bytesTakenOfOneLongPayloadAreSignsOfLife() {
        try (Rig rig = rig()) {
            // Given
            rig.channel.allow(0);
            NbdFuture<?> write = rig.commands.write(rig.payload(0, LARGE), 0, 0);
            rig.turn();

            // When
            for (int i = 0; i < 20; i++) {
                rig.pass(50);
                rig.channel.allow(1000);
            }

            // Then
            assertThat(rig.losses).isEmpty();
            assertThat(write).isNotDone();
            rig.pass(60);
            assertThat(write).isNotDone();
            rig.pass(60);
            failureOf(write, NbdTimeoutException.class);
        }
    }

    @Test
    void whatIsEncryptedInPlaceOfWhatWasTakenHidesNoSignOfLife() throws IOException {
        PskServer server = new PskServer(ProtocolVersion.TLSv13, "alice", KEY);
        try (Rig rig = rigUnderPsk(server)) {
            // Given a channel in which there are pieces of one length
            rig.channel.allow(0);
            NbdFuture<?> write = rig.commands.write(rig.payload(0, 4 * LARGE), 0, 0);
            rig.turn();
            rig.channel.allow(rig.channel.next());
            long inChannel = rig.channel.pending();

            // When
            for (int i = 0; i < 8; i++) {
                rig.pass(50);
                assertThat(rig.losses).isEmpty();
                rig.channel.allow(rig.channel.next());
                assertThat(rig.channel.pending()).isEqualTo(inChannel);
            }

            // Then
            rig.channel.allow(Long.MAX_VALUE);
            carry(rig, server);
            byte[] heard = server.heard();
            assertThat(heard).hasSize(28 + 4 * LARGE).endsWith(pattern(0, 4 * LARGE));
            rig.receive(server.say(Wire.simple(1L << 32, 0)));
            assertThat(write).isCompleted();
        }
    }

    @Test
    void aServerThatTakesNothingUnderPskIsDead() throws IOException {
        PskServer server = new PskServer(ProtocolVersion.TLSv13, "alice", KEY);
        try (Rig rig = rigUnderPsk(server)) {
            // Given
            rig.channel.allow(0);
            NbdFuture<?> write = rig.commands.write(rig.payload(0, 4 * LARGE), 0, 0);
            rig.turn();
            rig.pass(59);
            assertThat(write).isNotDone();

            // When
            rig.pass(1);

            // Then
            failureOf(write, NbdTimeoutException.class);
            assertThat(rig.losses).extracting(Loss::kind).containsExactly(Loss.Kind.STALLED);
            rig.channel.allow(Long.MAX_VALUE);
        }
    }

    @Test
    void aServerThatTakesNothingIsDeadAlthoughMoreIsAskedOfIt() {
        try (Rig rig = rig()) {
            // Given
            rig.channel.allow(0);
            NbdFuture<?> first = rig.commands.write(rig.payload(0, 512), 0, 0);

            // When
            for (int i = 0; i < 6; i++) {
                rig.commands.read(512, 0);
                rig.pass(10);
            }

            // Then
            failureOf(first, NbdTimeoutException.class);
        }
    }

    @Test
    void whatTheKernelTakesOfNewRequestsIsNoSignOfLife() {
        try (Rig rig = rig()) {
            // Given
            NbdFuture<ByteBuf> first = rig.commands.read(512, 0);

            // When
            for (int i = 0; i < 6; i++) {
                rig.commands.read(512, 0);
                assertThat(rig.requests()).isNotEmpty();
                rig.pass(10);
            }

            // Then
            failureOf(first, NbdTimeoutException.class);
        }
    }

    @Test
    void whatLeftBeforeTheNextRequestIsASignOfLife() {
        try (Rig rig = rig()) {
            // Given
            rig.channel.allow(0);
            NbdFuture<?> write = rig.commands.write(rig.payload(0, LARGE), 0, 0);
            rig.turn();

            // When
            rig.pass(50);
            rig.channel.allow(Long.MAX_VALUE);
            NbdFuture<?> flush = rig.commands.flush();
            rig.turn();
            rig.pass(50);

            // Then
            assertThat(write).isNotDone();
            assertThat(rig.requests()).hasSize(2);
            rig.pass(60);
            failureOf(flush, NbdTimeoutException.class);
        }
    }

    @Test
    void zeroIsForEver() {
        try (Rig rig = Rig.with().stallSeconds(0).open()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0);
            Request request = rig.request();

            // When
            rig.pass(1_000_000);

            // Then
            rig.answerRead(request);
            assertThat(bytesOf(read)).isEqualTo(pattern(0, 512));
        }
    }

    @Test
    void theEndOfTheConnectionEndsTheWatch() {
        try (Rig rig = rig()) {
            // Given
            NbdFuture<ByteBuf> read = rig.commands.read(512, 0);
            rig.requests();
            rig.connection.fail(new Loss(Loss.Kind.BROKEN, "closed", null));

            // When
            rig.pass(1000);

            // Then
            assertThat(read).isCompletedExceptionally();
            assertThat(rig.losses).isEmpty();
        }
    }
}
