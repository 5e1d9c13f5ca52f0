package io.nbd4j.client.conformance;

import static io.nbd4j.client.conformance.Dialogue.GO;
import static io.nbd4j.client.conformance.Dialogue.GO_ACK;
import static io.nbd4j.client.conformance.Dialogue.GO_INFO;
import static io.nbd4j.client.conformance.Dialogue.GREETING;
import static io.nbd4j.client.conformance.Dialogue.OPTION;
import static io.nbd4j.client.conformance.Dialogue.REPLY;
import static io.nbd4j.client.conformance.Dialogue.STRUCTURED_REPLY;
import static io.nbd4j.client.conformance.Dialogue.STRUCTURED_REPLY_ACK;
import static io.nbd4j.client.conformance.Dialogue.STRUCTURED_REPLY_UNSUPPORTED;
import static io.nbd4j.client.conformance.Request.FLUSH;
import static io.nbd4j.client.conformance.Request.READ;
import static io.nbd4j.client.conformance.Request.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nbd4j.client.ConnectFailedException;
import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.NbdClientBuilder;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdMultiDevice;
import io.nbd4j.client.RequestFate;
import io.nbd4j.client.contract.Outcomes;
import io.nbd4j.testkit.ScriptedConnection;
import io.nbd4j.testkit.ScriptedPeer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;

/**
 * Section 6.4, the cases of several connections to one server: over sockets, since each child process is a server of its
 * own. The time limit only ends what hangs.
 */
@Timeout(60)
class SeveralConnectionsIT {
    private static final String ONE_MEBIBYTE = GO_INFO + "0000000c 0000 0000000000100000 ";
    private static final String CAN_MULTI_CONN = "0ded ";
    private static final String NO_MULTI_CONN = "0ced ";
    private static final String SET_META_CONTEXT =
            OPTION + "0000000a 00000028 00000000 00000002 0000000f 'base:allocation' 00000009 'x-a:dirty' ";
    private static final String BASE_SELECTED = REPLY + "0000000a 00000004 00000013 00000000 'base:allocation' ";
    private static final String DIRTY_SELECTED = REPLY + "0000000a 00000004 0000000d 00000007 'x-a:dirty' ";

    private static ScriptedPeer open(Way way) {
        String reason = way.transport().unavailableBecause();
        assumeTrue(reason == null, reason);
        return way.transport().open().delivery(way.delivery());
    }

    /** Accepts a connection, and leads it into the transmission phase, with simple replies. */
    private static ScriptedConnection serve(ScriptedPeer peer, String flags) {
        return peer.accept()
                .send(GREETING)
                .expect("00000003" + STRUCTURED_REPLY)
                .send(STRUCTURED_REPLY_UNSUPPORTED)
                .expect(GO)
                .send(ONE_MEBIBYTE + flags + GO_ACK)
                .flush();
    }

    private static NbdClientBuilder drainingShortly(Way way) {
        return way.transport()
                .builder()
                .extendedHeaders(false)
                .graceTimeout(Duration.ofMillis(10))
                .stallTimeout(Duration.ZERO)
                .drainTimeout(Duration.ofMillis(200));
    }

    /** Returns a builder whose connections ask for two meta contexts. */
    private static NbdClientBuilder asking(Way way) {
        return way.transport()
                .builder()
                .extendedHeaders(false)
                .graceTimeout(Duration.ofMillis(10))
                .metaContexts("base:allocation", "x-a:dirty");
    }

    /** Accepts a connection, and leads it into the transmission phase, with the meta contexts that {@code selected} says. */
    private static ScriptedConnection select(ScriptedPeer peer, String selected) {
        return peer.accept()
                .send(GREETING)
                .expect("00000003" + STRUCTURED_REPLY)
                .send(STRUCTURED_REPLY_ACK)
                .expect(SET_META_CONTEXT)
                .send(selected + REPLY + "0000000a 00000001 00000000 ")
                .expect(GO)
                .send(ONE_MEBIBYTE + CAN_MULTI_CONN + GO_ACK)
                .flush();
    }

    private static Request receive(ScriptedConnection connection, int type) {
        Request request = Request.receive(Speech.inClear(connection));
        assertThat(request.type()).isEqualTo(type);
        return request;
    }

    private static Request receiveWrite(ScriptedConnection connection, String payload) {
        Request request = receive(connection, WRITE);
        connection.expect(payload);
        return request;
    }

    private static void answer(ScriptedConnection connection, Request request) {
        connection.send(Says.simple(request, 0)).flush();
    }

    private static NbdFuture<@Nullable Void> write(NbdMultiDevice device, String text, long offset) {
        return device.pwrite(Unpooled.copiedBuffer(text, StandardCharsets.US_ASCII), offset);
    }

    private static void assertReads(NbdMultiDevice device, ScriptedConnection connection) {
        CompletableFuture<ByteBuf> reading = device.pread(16, 0x200);
        Request read = receive(connection, READ);
        connection.send(Says.simpleData(read)).flush();
        ByteBuf data = Outcomes.await(reading);
        assertThat(ByteBufUtil.getBytes(data)).isEqualTo(Says.pattern(0x200, 16));
        data.release();
    }

    @EachWayOverSockets
    void t114_aFlushIsSentOnceTheWritesOnAllConnectionsAreAnswered(Way way) {
        try (ScriptedPeer peer = open(way)) {
            // Given a write on each of two connections
            NbdFuture<NbdMultiDevice> connecting = way.transport()
                    .builder()
                    .extendedHeaders(false)
                    .connectMulti(way.transport().target(peer), 2);
            ScriptedConnection first = serve(peer, CAN_MULTI_CONN);
            ScriptedConnection second = serve(peer, CAN_MULTI_CONN);
            NbdMultiDevice device = Outcomes.await(connecting);
            NbdFuture<@Nullable Void> one = write(device, "one.", 0);
            NbdFuture<@Nullable Void> other = write(device, "other", 0x1000);
            Request onFirst = receiveWrite(first, "'one.'");
            Request onSecond = receiveWrite(second, "'other'");

            // When
            NbdFuture<@Nullable Void> flush = device.flush();
            answer(first, onFirst);
            Outcomes.await(one);

            // Then a read, which comes behind the flush, is the next that is sent
            assertReads(device, first);
            assertThat(flush).isNotDone();

            // When
            answer(second, onSecond);
            Outcomes.await(other);

            // Then
            answer(first, receive(first, FLUSH));
            Outcomes.await(flush);
            first.close();
            second.close();
            Outcomes.await(device.closeAsync());
        }
    }

    @EachWayOverSockets
    void t115_withoutTheServersWordThereIsOneConnectionUnlessForced(Way way) {
        try (ScriptedPeer peer = open(way)) {
            // When
            NbdFuture<NbdMultiDevice> connecting = way.transport()
                    .builder()
                    .extendedHeaders(false)
                    .connectMulti(way.transport().target(peer), 2);
            ScriptedConnection only = serve(peer, NO_MULTI_CONN);
            NbdMultiDevice device = Outcomes.await(connecting);

            // Then
            assertReads(device, only);
            assertThat(device.connections()).hasSize(1);
            only.close();
            Outcomes.await(device.closeAsync());
            assertThatExceptionOfType(AssertionError.class)
                    .isThrownBy(() -> peer.patience(Duration.ofMillis(1)).accept())
                    .withMessageContaining("no client came");

            // When it is forced
            peer.patience(ScriptedPeer.PATIENCE);
            connecting = way.transport()
                    .builder()
                    .extendedHeaders(false)
                    .forceMultiConn(true)
                    .connectMulti(way.transport().target(peer), 2);
            ScriptedConnection first = serve(peer, NO_MULTI_CONN);
            ScriptedConnection second = serve(peer, NO_MULTI_CONN);
            NbdMultiDevice forced = Outcomes.await(connecting);

            // Then
            assertReads(forced, first);
            assertThat(forced.connections()).hasSize(2);
            first.close();
            second.close();
            Outcomes.await(forced.closeAsync());
        }
    }

    @EachWayOverSockets
    void closingDoesNotWaitForEverForAFlushThatWasSent(Way way) {
        try (ScriptedPeer peer = open(way)) {
            // Given
            NbdFuture<NbdMultiDevice> connecting =
                    drainingShortly(way).connectMulti(way.transport().target(peer), 2);
            ScriptedConnection first = serve(peer, CAN_MULTI_CONN);
            ScriptedConnection second = serve(peer, CAN_MULTI_CONN);
            NbdMultiDevice device = Outcomes.await(connecting);
            NbdFuture<@Nullable Void> flush = device.flush();
            receive(first, FLUSH);

            // When
            NbdFuture<@Nullable Void> closing = device.closeAsync();

            // Then
            assertThat(Outcomes.failureOf(flush, ConnectionLostException.class).fate())
                    .isEqualTo(RequestFate.UNKNOWN);
            Outcomes.await(closing);
            first.close();
            second.close();
        }
    }

    @EachWayOverSockets
    void closingDoesNotWaitForEverForAFlushThatWaits(Way way) {
        try (ScriptedPeer peer = open(way)) {
            // Given
            NbdFuture<NbdMultiDevice> connecting =
                    drainingShortly(way).connectMulti(way.transport().target(peer), 2);
            ScriptedConnection first = serve(peer, CAN_MULTI_CONN);
            ScriptedConnection second = serve(peer, CAN_MULTI_CONN);
            NbdMultiDevice device = Outcomes.await(connecting);
            NbdFuture<@Nullable Void> sent = device.flush();
            receive(first, FLUSH);
            NbdFuture<@Nullable Void> write = write(device, "lost", 0);
            receiveWrite(first, "'lost'");
            NbdFuture<@Nullable Void> waiting = device.flush();

            // When
            NbdFuture<@Nullable Void> closing = device.closeAsync();

            // Then
            assertThat(Outcomes.failureOf(waiting, ConnectionLostException.class)
                            .fate())
                    .isEqualTo(RequestFate.NOT_SENT);
            Outcomes.failureOf(write, ConnectionLostException.class);
            Outcomes.failureOf(sent, ConnectionLostException.class);
            Outcomes.await(closing);
            first.close();
            second.close();
        }
    }

    @EachWayOverSockets
    void connectionsWithOtherMetaContextsAreNoDevice(Way way) {
        try (ScriptedPeer peer = open(way)) {
            // When
            NbdFuture<NbdMultiDevice> connecting =
                    asking(way).connectMulti(way.transport().target(peer), 2);
            ScriptedConnection first = select(peer, BASE_SELECTED + DIRTY_SELECTED);
            ScriptedConnection second = select(peer, BASE_SELECTED);

            // Then
            assertThat(Outcomes.failureOf(connecting, ConnectFailedException.class))
                    .hasMessageContaining("meta contexts: [base:allocation, x-a:dirty], and [base:allocation]");
            first.close();
            second.close();
        }
    }

    @EachWayOverSockets
    void connectionsMayHaveTheirMetaContextsInAnyOrder(Way way) {
        try (ScriptedPeer peer = open(way)) {
            // When
            NbdFuture<NbdMultiDevice> connecting =
                    asking(way).connectMulti(way.transport().target(peer), 2);
            ScriptedConnection first = select(peer, BASE_SELECTED + DIRTY_SELECTED);
            ScriptedConnection second = select(peer, DIRTY_SELECTED + BASE_SELECTED);

            // Then
            NbdMultiDevice device = Outcomes.await(connecting);
            assertThat(device.connections()).hasSize(2);
            first.close();
            second.close();
            Outcomes.await(device.closeAsync());
        }
    }
}
