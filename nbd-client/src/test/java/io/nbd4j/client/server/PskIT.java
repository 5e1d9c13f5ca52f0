package io.nbd4j.client.server;

import static io.nbd4j.client.contract.Outcomes.await;
import static io.nbd4j.client.contract.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.ConnectionState;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdClientBuilder;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdTlsException;
import io.nbd4j.client.RequestFate;
import io.nbd4j.client.TlsMode;
import io.nbd4j.client.TlsOptions;
import io.nbd4j.client.TlsSession;
import io.nbd4j.client.contract.Processes;
import io.nbd4j.codec.NbdError;
import io.nbd4j.testkit.RealServer;
import io.nbd4j.testkit.junit.RequiresServer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** TLS with a pre-shared key against real servers, which have theirs from GnuTLS. The time limit only ends what hangs. */
@RequiresServer("nbdkit")
@Timeout(120)
class PskIT {
    private static final int MEBI = 1024 * 1024;
    private static final String KEY = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    private final List<RealServer> servers = new ArrayList<>();
    private final List<NbdClient> clients = new ArrayList<>();

    @TempDir
    Path directory;

    private Path keys;

    @BeforeEach
    void makeKeys() throws IOException {
        // The name that QEMU looks for in a directory.
        keys = Files.writeString(directory.resolve("keys.psk"), "bob:ff" + KEY.substring(2) + "\nalice:" + KEY + "\n");
    }

    @AfterEach
    void closeAll() {
        clients.forEach(nbd -> await(nbd.closeAsync()));
        servers.forEach(RealServer::close);
    }

    private RealServer nbdkit(String... arguments) {
        List<String> all = new ArrayList<>(List.of("--tls-psk=" + keys));
        all.addAll(List.of(arguments));
        RealServer server = RealServer.nbdkit(all.toArray(String[]::new));
        servers.add(server);
        return server;
    }

    private NbdClient client(TlsMode mode, TlsOptions options) {
        return client(NbdClient.builder().tls(mode, options));
    }

    private NbdClient client(NbdClientBuilder builder) {
        NbdClient nbd = builder.build();
        clients.add(nbd);
        return nbd;
    }

    private static TlsOptions alice() {
        return TlsOptions.defaults().withPsk("alice", HexFormat.of().parseHex(KEY));
    }

    private NbdClient connected(RealServer server) {
        return await(client(TlsMode.REQUIRE, alice()).connectUnix(server.unixSocket()));
    }

    private NbdTlsException assertFails(TlsOptions options, RealServer server) {
        NbdClient nbd = client(TlsMode.REQUIRE, options);
        NbdTlsException failure = failureOf(nbd.connectUnix(server.unixSocket()), NbdTlsException.class);
        assertThat(failure.fate()).isEqualTo(RequestFate.NOT_SENT);
        assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
        assertThat(nbd.isTlsActive()).isFalse();
        return failure;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 512, 16 * 1024 + 1, 64 * 1024, 5 * MEBI, 32 * MEBI})
    void whatWasWrittenIsReadBack(int length) {
        // Given
        NbdClient nbd = connected(nbdkit("--tls=require", "memory", "64M"));
        assertThat(nbd.isTlsActive()).isTrue();
        assertThat(nbd.tlsSession()).contains(new TlsSession("bouncycastle", "TLSv1.3", "TLS_AES_128_GCM_SHA256"));

        // When // Then
        Content.writeAndReadBack(nbd, Content.random(length, length), 12345);
        await(nbd.flush());
        await(nbd.closeAsync());
        assertThat(nbd.state()).isEqualTo(ConnectionState.CLOSED);
    }

    @Test
    void manyRequestsAreInFlightAtOnce() {
        // Given
        NbdClient nbd = connected(nbdkit("--tls=require", "pattern", "64M"));

        // When
        List<NbdFuture<ByteBuf>> reads = IntStream.range(0, 500)
                .mapToObj(i -> nbd.pread(100_000, i * 100_000L))
                .toList();

        // Then
        for (int i = 0; i < reads.size(); i++) {
            ByteBuf read = await(reads.get(i));
            ByteBuf expected = Unpooled.wrappedBuffer(Content.pattern(100_000, i * 100_000L));
            assertThat(ByteBufUtil.equals(read, expected)).as("read %s", i).isTrue();
            read.release();
        }
    }

    @Test
    void severalHandlesReadAndWriteSideBySide() {
        RealServer server = nbdkit("--tls=require", "memory", "16M");
        SideBySide.readAndWrite(8, 2 * MEBI, () -> connected(server));
    }

    @Test
    void theKeyMayBeInAFile() {
        // Given
        RealServer server = nbdkit("--tls=require", "memory", "1M");

        // When // Then
        NbdClient nbd =
                client(TlsMode.REQUIRE, TlsOptions.defaults().withPskFile(keys).withUsername("alice"));
        Content.writeAndReadBack(await(nbd.connectUnix(server.unixSocket())), Content.random(MEBI, 1), 0);
        assertThat(assertFails(TlsOptions.defaults().withPskFile(keys).withUsername("eve"), server)
                        .errno())
                .isEqualTo(NbdError.EINVAL);
    }

    @Test
    void theUserOfAUriIsTheUserOfTheKey() {
        // Given
        RealServer server = nbdkit("--tls=require", "memory", "1M");
        NbdClient nbd = client(TlsMode.DISABLE, TlsOptions.defaults().withPskFile(keys));

        // When
        await(nbd.connectUri("nbds+unix://alice@/?socket=" + server.unixSocket()));

        // Then
        assertThat(nbd.isTlsActive()).isTrue();
    }

    @Test
    void anotherKeyIsRefused() {
        // Given
        RealServer server = nbdkit("--tls=require", "memory", "1M");

        // When
        NbdTlsException failure = assertFails(TlsOptions.defaults().withPsk("alice", new byte[32]), server);

        // Then
        assertThat(failure).hasMessageContaining("the TLS handshake failed").hasMessageContaining("another key");
    }

    @Test
    void anotherUserIsRefused() {
        assertFails(
                TlsOptions.defaults().withPsk("eve", HexFormat.of().parseHex(KEY)),
                nbdkit("--tls=require", "memory", "1M"));
    }

    /** A man in the middle has a certificate at best. */
    @Test
    void aServerThatHasNoKeyButACertificateIsRefused() throws Exception {
        // Given
        Path credentials = new Certificates(directory).forServer("disk.example");
        RealServer server = RealServer.nbdkit("--tls=require", "--tls-certificates=" + credentials, "memory", "1M");
        servers.add(server);

        // When // Then
        assertFails(alice(), server);
    }

    @ParameterizedTest
    @EnumSource(names = {"DISABLE", "ALLOW", "REQUIRE"})
    void aServerThatOffersTlsLeavesItToTheClient(TlsMode mode) {
        // Given
        RealServer server = nbdkit("--tls=on", "memory", "1M");
        NbdClient nbd = client(mode, alice());

        // When
        await(nbd.connectUnix(server.unixSocket()));

        // Then
        assertThat(nbd.isTlsActive()).isEqualTo(mode != TlsMode.DISABLE);
        Content.writeAndReadBack(nbd, Content.random(MEBI, 2), 0);
    }

    @Test
    void aServerWithoutTlsDoesIfItIsOnlyAllowed() {
        // Given
        RealServer server = nbdkit("--tls=off", "memory", "1M");
        NbdClient nbd = client(TlsMode.ALLOW, alice());

        // When
        await(nbd.connectUnix(server.unixSocket()));

        // Then
        assertThat(nbd.isTlsActive()).isFalse();
        Content.writeAndReadBack(nbd, Content.random(MEBI, 3), 0);
        assertThat(assertFails(alice(), server).errno()).isEqualTo(NbdError.ENOTSUP);
    }

    @Test
    void optionsAreNegotiatedUnderTls() {
        // Given
        RealServer server = nbdkit("--tls=require", "memory", "1M");
        NbdClient nbd = client(NbdClient.builder().optionMode(true).tls(TlsMode.REQUIRE, alice()));
        await(nbd.connectUnix(server.unixSocket()));
        assertThat(nbd.state()).isEqualTo(ConnectionState.NEGOTIATING);

        // When
        assertThat(await(nbd.negotiation().list())).hasSize(1);
        await(nbd.negotiation().go());

        // Then
        assertThat(nbd.isTlsActive()).isTrue();
        Content.writeAndReadBack(nbd, Content.random(MEBI, 4), 0);
    }

    @Test
    void anEndWithoutGoodbyeFailsWhatIsOwed() {
        // Given
        RealServer server = nbdkit("--tls=require", "memory", "16M");
        NbdClient nbd = connected(server);
        Processes.stop(server.pid());

        // When
        NbdFuture<ByteBuf> read = nbd.pread(MEBI, 0);
        Processes.kill(server.pid());

        // Then
        assertThat(failureOf(read, ConnectionLostException.class).fate()).isEqualTo(RequestFate.UNKNOWN);
        assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
    }

    @Test
    void anEndWithoutGoodbyeIsNoEndInOrder() {
        // Given
        RealServer server = nbdkit("--tls=require", "memory", "16M");
        NbdClient nbd = connected(server);
        Content.assertRead(nbd, new byte[512], 0);

        // When
        Processes.kill(server.pid());

        // Then
        Awaitility.await().until(() -> nbd.state() == ConnectionState.DEAD);
    }

    /** It needs a socket pair. */
    @Test
    @EnabledForJreRange(min = JRE.JAVA_22)
    void aChildSpeaksTlsOverItsStandardInput() {
        // Given
        NbdClient nbd = client(TlsMode.REQUIRE, alice());

        // When
        await(nbd.connectCommand("nbdkit", "-s", "--tls-psk=" + keys, "--tls=require", "memory", "16M"));

        // Then
        Content.writeAndReadBack(nbd, Content.random(MEBI, 5), 0);
        await(nbd.closeAsync());
        assertThat(nbd.state()).isEqualTo(ConnectionState.CLOSED);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "NORMAL",
                "NORMAL:-VERS-ALL:+VERS-TLS1.3",
                "NORMAL:-VERS-ALL:+VERS-TLS1.2:+ECDHE-PSK",
                "NORMAL:-VERS-ALL:+VERS-TLS1.2:+DHE-PSK"
            })
    @RequiresServer("qemu-nbd")
    void qemuSpeaksTlsOfBothVersions(String priority) throws IOException {
        // Given
        Path image = Files.write(directory.resolve("image"), new byte[2 * MEBI]);
        RealServer server = RealServer.qemuNbd(
                image,
                "-f",
                "raw",
                "--object",
                "tls-creds-psk,id=tls0,endpoint=server,dir=" + directory + ",priority=" + priority,
                "--tls-creds",
                "tls0");
        servers.add(server);
        NbdClient nbd = connected(server);

        // When // Then
        Content.writeAndReadBack(nbd, Content.random(MEBI, 6), 4096);
        await(nbd.closeAsync());
        assertThat(nbd.state()).isEqualTo(ConnectionState.CLOSED);
    }
}
