package io.nbd4j.client.server;

import static io.nbd4j.client.contract.Outcomes.await;
import static io.nbd4j.client.contract.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdClientBuilder;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdProtocolException;
import io.nbd4j.codec.CommandType;
import io.nbd4j.testkit.MemoryExport;
import io.nbd4j.testkit.ScriptedConnection;
import io.nbd4j.testkit.ScriptedPeer;
import io.nbd4j.testkit.TestServer;
import io.nbd4j.testkit.fault.Fault;
import io.nbd4j.testkit.fault.FaultPlan;
import io.nbd4j.testkit.fault.FaultRule;
import io.nbd4j.testkit.fault.Hold;
import io.nbd4j.testkit.fault.Matcher;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.IoEventLoopGroup;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A server that announces more than anybody may, next to a good one on the same event loop: a clear error, memory in
 * proportion to what came, and the neighbour goes on. The time limit only ends what hangs.
 */
@Timeout(120)
class HostileServerIT {
    private static final String GREETING = "'NBDMAGIC' 'IHAVEOPT' 0003";
    private static final String REPLY = "0003e889045565a9 ";
    private static final String STRUCTURED_ACK = REPLY + "00000008 00000001 00000000";
    /** An information item of 1 MiB with all flags, and the acknowledgement. */
    private static final String GO_OK =
            REPLY + "00000007 00000003 0000000c 0000 0000000000100000 0dfd" + REPLY + "00000007 00000001 00000000";

    private final IoEventLoopGroup oneLoop = NbdClientBuilder.newEventLoopGroup(1, Thread::new);
    private final UnpooledByteBufAllocator memory = new UnpooledByteBufAllocator(true);
    private final Hold hold = Fault.hold();

    private TestServer server;
    private NbdClient neighbour;
    private NbdFuture<?> underWay;
    private ScriptedPeer peer;

    @BeforeEach
    void connectTheNeighbour() {
        server = TestServer.builder()
                .export("", MemoryExport.ofSize(1 << 20))
                .unixSocket()
                .faults(FaultPlan.of(FaultRule.when(Matcher.command(CommandType.FLUSH))
                        .nth(1)
                        .then(hold)))
                .start();
        neighbour = NbdClient.builder().eventLoopGroup(oneLoop).build();
        await(neighbour.connectUnix(server.socketPath()));
        underWay = neighbour.flush();
        await(hold.held(1));
        peer = ScriptedPeer.unix();
    }

    @AfterEach
    void closeAll() {
        peer.close();
        hold.release();
        await(neighbour.closeAsync());
        server.close();
        oneLoop.shutdownGracefully(0, 30, TimeUnit.SECONDS).syncUninterruptibly();
    }

    private NbdClient client(boolean optionMode) {
        return NbdClient.builder()
                .eventLoopGroup(oneLoop)
                .allocator(memory)
                .optionMode(optionMode)
                .build();
    }

    /** Reads an option, whatever it is, and what it carries. Returns its number. */
    private static String option(ScriptedConnection connection) {
        assertThat(connection.readHex(8)).isEqualTo("49484156454f5054");
        String option = connection.readHex(4);
        connection.read(Integer.parseInt(connection.readHex(4), 16));
        return option;
    }

    /** Plays a server up to GO: what is not GO and not STRUCTURED_REPLY is unsupported. */
    private static void greet(ScriptedConnection connection, boolean structured) {
        connection.send(GREETING).read(4);
        for (String option = option(connection); !option.equals("00000007"); option = option(connection)) {
            connection.send(
                    structured && option.equals("00000008") ? STRUCTURED_ACK : REPLY + option + " 80000001 00000000");
        }
    }

    private void assertRefused(
            NbdClient hostile, CompletableFuture<?> failing, CompletableFuture<@Nullable Void> script, String message) {
        assertThat(failureOf(failing, NbdProtocolException.class)).hasMessageContaining(message);
        await(script);
        await(hostile.closeAsync());
        assertThat(hostile.isDead()).isTrue();
        // The handlers let go of what they have right behind the end of the channel.
        Awaitility.await()
                .until(() ->
                        memory.metric().usedDirectMemory() + memory.metric().usedHeapMemory() == 0);
        assertThat(underWay).isNotDone();
        hold.release();
        await(underWay);
        await(neighbour.pread(4096, 0)).release();
    }

    @Test
    void optionDataOf4GibibytesIsRefusedBeforeItComes() {
        // Given
        NbdClient hostile = client(false);
        CompletableFuture<@Nullable Void> script = peer.play(p -> {
            ScriptedConnection connection = p.accept();
            greet(connection, false);
            connection.send(REPLY + "00000007 00000003 ffffffff");
            connection.readToEnd();
        });

        // When // Then
        assertRefused(hostile, hostile.connectUnix(peer.socket()), script, "4294967295");
    }

    @Test
    void aSizeBeyond2To63IsRefused() {
        // Given
        NbdClient hostile = client(false);
        CompletableFuture<@Nullable Void> script = peer.play(p -> {
            ScriptedConnection connection = p.accept();
            greet(connection, false);
            connection.send(REPLY + "00000007 00000003 0000000c 0000 8000000000000000 0001");
            connection.readToEnd();
        });

        // When // Then
        assertRefused(hostile, hostile.connectUnix(peer.socket()), script, "9223372036854775808");
    }

    @Test
    void anEndlessListEnds() {
        // Given
        NbdClient hostile = client(true);
        String entry = REPLY + "00000003 00000002 00000008 00000004 'disk'";
        CompletableFuture<@Nullable Void> script = peer.play(p -> {
            ScriptedConnection connection = p.accept();
            connection.send(GREETING).read(4);
            String option = option(connection);
            while (!option.equals("00000003")) {
                connection.send(option.equals("00000008") ? STRUCTURED_ACK : REPLY + option + " 80000001 00000000");
                option = option(connection);
            }
            String many = entry.repeat(1000);
            // As long as anybody listens; a client that never has enough ends the test by its time.
            while (!connection.hasEnded()) {
                connection.send(many);
            }
        });
        await(hostile.connectUnix(peer.socket()));

        // When // Then
        assertRefused(hostile, hostile.negotiation().list(), script, "100000");
    }

    @Test
    void dataOf4GibibytesIsRefusedBeforeItComes() {
        // Given
        NbdClient hostile = client(false);
        CompletableFuture<@Nullable Void> script = peer.play(p -> {
            ScriptedConnection connection = p.accept();
            greet(connection, true);
            connection.send(GO_OK);
            String cookie = connection.readHex(28).substring(16, 32);
            connection.send("668e33ef 0001 0001 " + cookie + " ffffffff 0000000000000000");
            connection.readToEnd();
        });
        await(hostile.connectUnix(peer.socket()));

        // When // Then
        assertRefused(hostile, hostile.pread(4096, 0), script, "4294967287");
    }

    @Test
    void anErrorTextOf4GibibytesIsRefusedBeforeItComes() {
        // Given
        NbdClient hostile = client(false);
        CompletableFuture<@Nullable Void> script = peer.play(p -> {
            ScriptedConnection connection = p.accept();
            greet(connection, true);
            connection.send(GO_OK);
            String cookie = connection.readHex(28).substring(16, 32);
            connection.send("668e33ef 0001 8001 " + cookie + " ffffffff 00000005 ffff");
            connection.readToEnd();
        });
        await(hostile.connectUnix(peer.socket()));

        // When // Then
        assertRefused(hostile, hostile.pread(4096, 0), script, "4294967295");
    }
}
