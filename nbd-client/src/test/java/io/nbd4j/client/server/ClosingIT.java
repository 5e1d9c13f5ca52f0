package io.nbd4j.client.server;

import static io.nbd4j.client.contract.Outcomes.await;
import static io.nbd4j.client.contract.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.nbd4j.client.CommandRefusedException;
import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.ConnectionState;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdMultiDevice;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.RequestFate;
import io.nbd4j.codec.NbdError;
import io.nbd4j.testkit.ScriptedConnection;
import io.nbd4j.testkit.ScriptedPeer;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Closing while a server answers what it has not read, or goes first. The time limit only ends what hangs. */
@Timeout(120)
class ClosingIT {
    private static final String REPLY = "0003e889045565a9 ";
    /** An information item of 64 MiB with FLUSH, and the acknowledgement. */
    private static final String GO_OK =
            REPLY + "00000007 00000003 0000000c 0000 0000000004000000 0005" + REPLY + "00000007 00000001 00000000";

    private static final String ESHUTDOWN = "0000006c";
    private static final String EPERM = "00000001";
    private static final int BIG = 32 * 1024 * 1024;

    /** Accepts a connection of a client that asks for nothing but GO. */
    private static ScriptedConnection serve(ScriptedPeer peer) {
        ScriptedConnection connection = peer.accept();
        connection.send("'NBDMAGIC' 'IHAVEOPT' 0003").expect("00000003 'IHAVEOPT' 00000007");
        connection.read(Integer.parseInt(connection.readHex(4), 16));
        return connection.send(GO_OK).flush();
    }

    private static void answer(ScriptedConnection connection, String request, String error) {
        String cookie = request.substring(16, 32);
        connection.send("67446698" + error + cookie).flush();
    }

    @Test
    void aPayloadThatAServerDoesNotTakeHoldsUpTheCloseNoLongerThanTheTimeouts() {
        try (ScriptedPeer peer = ScriptedPeer.unix()) {
            // Given
            NbdClient nbd = NbdClient.builder()
                    .structuredReplies(false)
                    .extendedHeaders(false)
                    .drainTimeout(Duration.ofMillis(200))
                    .build();
            NbdFuture<NbdClient> connecting = nbd.connectUnix(peer.socket());
            ScriptedConnection connection = serve(peer);
            await(connecting);
            NbdFuture<@Nullable Void> write =
                    nbd.pwrite(Unpooled.directBuffer(BIG).writeZero(BIG), 0);
            answer(connection, connection.readHex(28), EPERM);
            await().until(() -> nbd.statistics().requestsInFlight() == 0);
            assertThat(write).isNotDone();

            // When
            NbdFuture<@Nullable Void> closing = nbd.closeAsync();

            // Then
            await(closing);
            assertThat(failureOf(write, CommandRefusedException.class).errno()).isEqualTo(NbdError.EPERM);
            assertThat(nbd.state()).isEqualTo(ConnectionState.CLOSED);
            connection.close();
        }
    }

    @Test
    void whatAnotherThreadAsksForWhileTheServerShutsDownIsNotSent() {
        try (ScriptedPeer peer = ScriptedPeer.unix()) {
            // Given two requests, and the answer to the first still being taken when another thread makes a third
            NbdClient nbd = NbdClient.builder()
                    .structuredReplies(false)
                    .extendedHeaders(false)
                    .build();
            NbdFuture<NbdClient> connecting = nbd.connectUnix(peer.socket());
            ScriptedConnection connection = serve(peer);
            await(connecting);
            NbdFuture<@Nullable Void> first = nbd.flush();
            NbdFuture<@Nullable Void> second = nbd.flush();
            CompletableFuture<NbdFuture<@Nullable Void>> third = first.thenApply(
                    done -> CompletableFuture.supplyAsync(nbd::flush).join());

            // When both answers arrive at once
            String firstCookie = connection.readHex(28).substring(16, 32);
            String secondCookie = connection.readHex(28).substring(16, 32);
            connection
                    .send("67446698 00000000" + firstCookie + "67446698" + ESHUTDOWN + secondCookie)
                    .flush();

            // Then. Who waits for the first may run what depends on it, and let the event loop go on: that comes last
            assertThat(failureOf(await(third), ConnectionLostException.class).fate())
                    .isEqualTo(RequestFate.NOT_SENT);
            await(first);
            failureOf(second, CommandRefusedException.class);
            assertThat(connection.readHex(28)).startsWith("2560951300000002");
            connection.close();
            await(nbd.closeAsync());
        }
    }

    @Test
    void aFlushThatWaitedForAWriteThatEndedTheConnectionFails() {
        try (ScriptedPeer peer = ScriptedPeer.unix()) {
            // Given
            NbdFuture<NbdMultiDevice> connecting = NbdClient.builder()
                    .structuredReplies(false)
                    .extendedHeaders(false)
                    .connectMulti(NbdTarget.unix(peer.socket()), 1);
            ScriptedConnection connection = serve(peer);
            NbdMultiDevice device = await(connecting);
            NbdFuture<@Nullable Void> write =
                    device.pwrite(Unpooled.directBuffer(512).writeZero(512), 0);
            String request = connection.readHex(28);
            connection.read(512);
            NbdFuture<@Nullable Void> flush = device.flush();

            // When
            answer(connection, request, ESHUTDOWN);

            // Then
            failureOf(write, CommandRefusedException.class);
            assertThat(failureOf(flush, ConnectionLostException.class).fate()).isEqualTo(RequestFate.NOT_SENT);
            assertThat(connection.readHex(28)).startsWith("25609513 0000 0002".replace(" ", ""));
            connection.close();
            await(device.closeAsync());
        }
    }
}
