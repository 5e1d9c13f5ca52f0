package io.nbd4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nbd4j.testkit.ScriptedPeer.Delivery;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Over both kinds of sockets, with a client that blocks. The time limit only ends what hangs. */
@Timeout(30)
class ScriptedPeerIT {
    private static final Duration SOON = Duration.ofMillis(50);

    /** The kinds of sockets. */
    enum Kind {
        TCP,
        UNIX;

        ScriptedPeer open() {
            return this == TCP ? ScriptedPeer.tcp() : ScriptedPeer.unix();
        }
    }

    @ParameterizedTest
    @EnumSource
    void expectsAndSendsWhatIsTyped(Kind kind) throws IOException {
        try (ScriptedPeer peer = kind.open();
                RawClient client = RawClient.connect(peer.address())) {
            // When
            ScriptedConnection connection = peer.accept().send("'NBDMAGIC' 00*2");
            client.expect("'NBDMAGIC' 0000").send("'abc' 01020304 05");

            // Then
            connection.expect("'ab' # two letters\n 63").expect(new byte[] {1, 2});
            assertThat(connection.readHex(2)).isEqualTo("0304");
            assertThat(connection.read(1)).containsExactly(5);
        }
    }

    @ParameterizedTest
    @EnumSource
    void tellsWhatWasExpectedWhatCameAndWhatWasSaidBefore(Kind kind) throws IOException {
        try (ScriptedPeer peer = kind.open();
                RawClient client = RawClient.connect(peer.address())) {
            // Given
            ScriptedConnection connection = peer.accept().send("11").send("22");
            client.expect("1122").send("010203");
            connection.expect("01");

            // When // Then
            assertThatThrownBy(() -> connection.expect("0204"))
                    .isInstanceOf(AssertionError.class)
                    .hasMessage("""
                            expected 0204
                             but came 0203
                            all that was said:
                              peer  : 1122
                              client: 010203
                            """);
        }
    }

    @Test
    void doesNotWaitForTheRestOfWhatIsWrongAlready() throws IOException {
        try (ScriptedPeer peer = ScriptedPeer.unix();
                RawClient client = RawClient.connect(peer.address())) {
            client.send("0a");
            assertThatThrownBy(() -> peer.accept().expect("0b*64"))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("but came 0a\n");
        }
    }

    @ParameterizedTest
    @EnumSource
    void waitsForALimitedTimeOnly(Kind kind) throws IOException {
        try (ScriptedPeer peer = kind.open().patience(SOON)) {
            assertThatThrownBy(peer::accept)
                    .isInstanceOf(AssertionError.class)
                    .hasMessage("no client came within 50 ms");
            try (RawClient client = RawClient.connect(peer.address())) {
                ScriptedConnection connection = peer.accept();
                client.send("0a");
                assertThatThrownBy(() -> connection.expect("0a0b"))
                        .isInstanceOf(AssertionError.class)
                        .hasMessageContaining("but came 0a (1 of 2 bytes within 50 ms)");
                assertThatThrownBy(() -> connection.read(3))
                        .isInstanceOf(AssertionError.class)
                        .hasMessageContaining("expected 3 bytes\n but came  (0 of 3 bytes within 50 ms)");
                assertThatThrownBy(connection::expectEnd)
                        .isInstanceOf(AssertionError.class)
                        .hasMessageContaining("the client did not hang up within 50 ms");
                connection.expectSilence(SOON);
                client.send("0c");
                assertThatThrownBy(() -> connection.expectSilence(SOON))
                        .isInstanceOf(AssertionError.class)
                        .hasMessageContaining("expected silence\n but came 0c");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void noticesTheEnd(Kind kind) throws IOException {
        try (ScriptedPeer peer = kind.open()) {
            RawClient client = RawClient.connect(peer.address()).send("0a");
            ScriptedConnection connection = peer.accept();
            client.close();
            assertThatThrownBy(connection::expectEnd)
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("expected the end\n but came 0a");
            assertThat(connection.hasEnded()).isFalse();
            connection.expectEnd();
            assertThat(connection.hasEnded()).isTrue();
            assertThatThrownBy(() -> connection.expect("0b"))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("(0 of 1 bytes, then the client hung up)")
                    .hasMessageContaining("  the client has hung up\n");
        }
    }

    @ParameterizedTest
    @EnumSource
    void readsToTheEnd(Kind kind) throws IOException {
        try (ScriptedPeer peer = kind.open()) {
            RawClient client = RawClient.connect(peer.address()).send("0a0b0c");
            client.close();
            assertThat(peer.accept().readToEnd()).containsExactly(10, 11, 12);
        }
        try (ScriptedPeer peer = kind.open().patience(SOON);
                RawClient client = RawClient.connect(peer.address())) {
            ScriptedConnection connection = peer.accept();
            client.send("0a");
            assertThatThrownBy(connection::readToEnd)
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("did not hang up within 50 ms");
        }
    }

    @ParameterizedTest
    @EnumSource
    void goesOnWhenItSendsToAClientThatHasHungUp(Kind kind) throws IOException {
        try (ScriptedPeer peer = kind.open()) {
            RawClient client = RawClient.connect(peer.address());
            ScriptedConnection connection = peer.accept();
            client.close();
            for (int i = 0; i < 1000 && !connection.hasEnded(); i++) {
                connection.send("00*4096");
            }
            connection.expectEnd();
        }
    }

    @ParameterizedTest
    @EnumSource
    void closesItsHalfAndGoesOnReading(Kind kind) throws IOException {
        try (ScriptedPeer peer = kind.open();
                RawClient client = RawClient.connect(peer.address())) {
            ScriptedConnection connection = peer.accept().send("0a").halfClose();
            client.expect("0a").expectEnd();
            client.send("0b");
            connection.expect("0b");
        }
    }

    @Test
    void resetsATcpConnection() throws IOException {
        try (ScriptedPeer peer = ScriptedPeer.tcp();
                SocketChannel client = SocketChannel.open(peer.address())) {
            peer.accept().reset();
            assertThatThrownBy(() -> client.read(ByteBuffer.allocate(1)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("reset");
        }
    }

    @Test
    void cannotResetAUnixConnection() throws IOException {
        try (ScriptedPeer peer = ScriptedPeer.unix();
                RawClient client = RawClient.connect(peer.address())) {
            ScriptedConnection connection = peer.accept();
            assertThatThrownBy(connection::reset).isInstanceOf(UnsupportedOperationException.class);
            connection.hangUp();
            client.expectEnd();
        }
    }

    @ParameterizedTest
    @EnumSource
    void deliversTheSameBytesInEachWay(Delivery delivery) throws IOException {
        try (ScriptedPeer peer = ScriptedPeer.unix().delivery(delivery);
                RawClient client = RawClient.connect(peer.address())) {
            // When
            ScriptedConnection connection = peer.accept().send("0102").send("0304");
            client.send("0a");
            connection.expect("0a").send("05").hangUp();

            // Then
            client.expect("0102 0304 05").expectEnd();
        }
    }

    @Test
    void keepsBackWhatIsCoalesced() throws IOException {
        try (ScriptedPeer peer = ScriptedPeer.tcp().delivery(Delivery.COALESCED);
                SocketChannel client = SocketChannel.open(peer.address())) {
            // Given
            ScriptedConnection connection = peer.accept().send("0102").send("0304");
            ByteBuffer room = ByteBuffer.allocate(8);
            client.configureBlocking(false);
            assertThat(client.read(room)).isZero();

            // When
            connection.flush();

            // Then
            client.configureBlocking(true);
            assertThat(client.read(room)).isEqualTo(4);
        }
    }

    @Test
    void tricklesByteByByte() throws IOException {
        try (ScriptedPeer peer = ScriptedPeer.tcp().delivery(Delivery.COALESCED);
                RawClient client = RawClient.connect(peer.address())) {
            peer.accept().send("01").trickle("02030405", Duration.ofMillis(2)).hangUp();
            client.expect("0102030405").expectEnd();
        }
    }

    @ParameterizedTest
    @EnumSource
    void stopsReadingWhereTheScriptDoes(Kind kind) throws IOException {
        try (ScriptedPeer peer = kind.open().receiveBuffer(4096);
                SocketChannel client = SocketChannel.open(peer.address())) {
            // Given
            ScriptedConnection connection = peer.accept();
            client.configureBlocking(false);
            byte[] bytes = new byte[65536];
            int taken = 0;
            for (int count = 1; count > 0; taken += count) {
                count = client.write(ByteBuffer.wrap(bytes));
            }

            // When
            assertThat(connection.read(taken)).hasSize(taken);

            // Then
            assertThat(client.write(ByteBuffer.wrap(bytes))).isPositive();
        }
    }

    @Test
    void talksToSeveralClients() throws IOException {
        try (ScriptedPeer peer = ScriptedPeer.unix();
                RawClient one = RawClient.connect(peer.address());
                RawClient two = RawClient.connect(peer.address())) {
            ScriptedConnection first = peer.accept();
            ScriptedConnection second = peer.accept();
            second.send("02");
            first.send("01");
            one.expect("01");
            two.expect("02");
        }
    }

    @Test
    void playsAScriptOnAThreadOfItsOwn() throws Exception {
        try (ScriptedPeer peer = ScriptedPeer.tcp()) {
            // Given
            CompletableFuture<@Nullable Void> good = peer.play(p -> p.accept().expect("01"));
            try (RawClient client = RawClient.connect(peer.address())) {
                client.send("01");
                good.get(10, TimeUnit.SECONDS);
            }

            // When
            CompletableFuture<@Nullable Void> bad = peer.play(p -> p.accept().expect("01"));
            try (RawClient client = RawClient.connect(peer.address())) {
                client.send("02");

                // Then
                assertThat(bad)
                        .failsWithin(Duration.ofSeconds(10))
                        .withThrowableThat()
                        .havingRootCause()
                        .isInstanceOf(AssertionError.class)
                        .withMessageContaining("but came 02");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"accept", "read"})
    void closingEndsAScriptThatWaits(String where) throws IOException {
        // Given
        ScriptedPeer peer = ScriptedPeer.tcp();
        CompletableFuture<ScriptedConnection> accepted = new CompletableFuture<>();
        try (RawClient client = RawClient.connect(peer.address())) {
            CompletableFuture<@Nullable Void> script = peer.play(p -> {
                accepted.complete(p.accept());
                if (where.equals("accept")) {
                    p.accept();
                } else {
                    accepted.join().expect("01");
                }
            });
            assertThat(accepted).succeedsWithin(Duration.ofSeconds(10));

            // When
            peer.close();

            // Then
            assertThat(script)
                    .failsWithin(Duration.ofSeconds(5))
                    .withThrowableThat()
                    .isInstanceOf(ExecutionException.class);
            client.expectEnd();
        }
    }

    @Test
    void removesItsSocketAndTellsItsAddress() {
        Path socket;
        try (ScriptedPeer peer = ScriptedPeer.unix()) {
            socket = peer.socket();
            assertThat(socket).exists();
            assertThatThrownBy(peer::port).isInstanceOf(IllegalStateException.class);
        }
        assertThat(socket.getParent()).doesNotExist();
        assertThat(Files.exists(socket)).isFalse();
        try (ScriptedPeer peer = ScriptedPeer.tcp()) {
            assertThat(peer.port()).isPositive();
            assertThatThrownBy(peer::socket).isInstanceOf(IllegalStateException.class);
        }
    }
}
