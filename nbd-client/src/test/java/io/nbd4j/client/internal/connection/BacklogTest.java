package io.nbd4j.client.internal.connection;

import static io.nbd4j.client.internal.connection.Rig.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.RequestFate;
import io.nbd4j.codec.CommandType;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** A server that takes no bytes: what was given to the channel goes on, what waits can be abandoned. */
class BacklogTest {
    private static final int MEBI = 1 << 20;

    private static final Loss ABANDONED = new Loss(Loss.Kind.BROKEN, "abandoned by the test", null);

    @Test
    void ofTwoBigWritesTheSecondIsAbandonedAndTheFirstCompletes() {
        try (Rig rig = Rig.structured()) {
            // Given
            rig.channel.allow(100);
            NbdFuture<?> first = rig.commands.write(rig.payload(0, 20 * MEBI), 0, 0);
            NbdFuture<?> second = rig.commands.write(rig.payload(0, 20 * MEBI), 20 * MEBI, 0);
            rig.turn();

            // When
            rig.connection.abandonWaiting(ABANDONED);

            // Then
            ConnectionLostException loss = failureOf(second, ConnectionLostException.class);
            assertThat(loss.fate()).isEqualTo(RequestFate.NOT_SENT);
            assertThat(first).isNotDone();
            rig.channel.allow(Long.MAX_VALUE);
            rig.answer(Wire.simple(rig.request().cookie(), 0));
            assertThat(first).isCompleted();
            assertThat(rig.connection.isIdle()).isTrue();
            failureOf(rig.commands.flush(), ConnectionLostException.class);
        }
    }

    @Test
    void aSplitWriteOfWhichAPieceWasSentIsUnknown() {
        try (Rig rig = Rig.with().blocks(1, 4096, 16 * MEBI).open()) {
            // Given
            rig.channel.allow(0);
            NbdFuture<?> write = rig.commands.write(rig.payload(0, 32 * MEBI), 0, 0);
            rig.turn();

            // When
            rig.connection.abandonWaiting(ABANDONED);
            rig.channel.allow(Long.MAX_VALUE);
            Request piece = rig.request();
            assertThat(write).isNotDone();
            rig.answer(Wire.simple(piece.cookie(), 0));

            // Then
            assertThat(piece.length()).isEqualTo(16 * MEBI);
            assertThat(failureOf(write, ConnectionLostException.class).fate()).isEqualTo(RequestFate.UNKNOWN);
        }
    }

    @Test
    void whatWaitsForTheChannelGoesOnInOrderOnceItIsFree() {
        try (Rig rig = Rig.structured()) {
            // Given
            rig.channel.allow(0);
            List<NbdFuture<?>> commands = new ArrayList<>();
            for (int i = 0; i < 24; i++) {
                commands.add(rig.commands.write(rig.payload(i, MEBI), (long) i * MEBI, 0));
            }
            commands.add(rig.commands.effect(CommandType.TRIM, MEBI, 0, 0));
            rig.turn();
            long inChannel = rig.channel.pending();

            // When
            rig.channel.allow(Long.MAX_VALUE);
            List<Request> requests = rig.requests();

            // Then
            assertThat(inChannel).isBetween(16L * MEBI, 18L * MEBI);
            assertThat(requests).hasSize(25);
            assertThat(requests.subList(0, 24))
                    .extracting(Request::offset)
                    .isEqualTo(LongStream.range(0, 24).mapToObj(i -> i * MEBI).toList());
            requests.forEach(request -> rig.answer(Wire.simple(request.cookie(), 0)));
            assertThat(commands).allMatch(command -> command.isDone() && !command.isCompletedExceptionally());
        }
    }
}
