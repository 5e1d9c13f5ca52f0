package io.nbd4j.client.server;

import static io.nbd4j.client.contract.Outcomes.await;
import static io.nbd4j.client.contract.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.ConnectionState;
import io.nbd4j.client.ExportEntry;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdClientBuilder;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.NbdTlsException;
import io.nbd4j.client.NegotiationRefusedException;
import io.nbd4j.client.RequestFate;
import io.nbd4j.client.SubprocessTransport;
import io.nbd4j.client.TlsMode;
import io.nbd4j.client.TlsOptions;
import io.nbd4j.client.TlsProvider;
import io.nbd4j.client.TlsVerification;
import io.nbd4j.client.contract.Processes;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.nbd4j.testkit.RealServer;
import io.nbd4j.testkit.junit.RequiresServer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import javax.net.ssl.SSLException;
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

/**
 * TLS with certificates against real servers, which have theirs from GnuTLS: what holds whoever does the client's. The time
 * limit only ends what hangs.
 */
@RequiresServer("nbdkit")
@Timeout(120)
abstract class TlsContract {
    private static final int MEBI = 1024 * 1024;
    private static final String NAME = "disk.example";

    private final List<RealServer> servers = new ArrayList<>();
    private final List<NbdClient> clients = new ArrayList<>();

    @TempDir
    Path directory;

    private Certificates certificates;

    /** Returns who does the client's. */
    abstract TlsProvider provider();

    @BeforeEach
    void makeAuthority() throws Exception {
        certificates = new Certificates(directory);
    }

    @AfterEach
    void closeAll() {
        clients.forEach(nbd -> await(nbd.closeAsync()));
        servers.forEach(RealServer::close);
    }

    private NbdTarget tcp(Path credentials, String... arguments) {
        List<String> all = new ArrayList<>(List.of("--tls-certificates=" + credentials));
        all.addAll(List.of(arguments));
        RealServer server = serving(RealServer.nbdkitTcp(all.toArray(String[]::new)));
        return NbdTarget.tcp("127.0.0.1", server.port());
    }

    private RealServer serving(RealServer server) {
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

    private TlsOptions trusting() {
        return defaults().withTrustedCertificates(certificates.trusted());
    }

    private TlsOptions defaults() {
        return TlsOptions.defaults().withProvider(provider());
    }

    private static NbdTlsException assertFails(NbdClient nbd, NbdTarget target) {
        NbdTlsException failure = failureOf(nbd.connect(target), NbdTlsException.class);
        assertThat(failure.fate()).isEqualTo(RequestFate.NOT_SENT);
        assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
        assertThat(nbd.isTlsActive()).isFalse();
        assertThat(nbd.tlsSession()).isEmpty();
        return failure;
    }

    @ParameterizedTest
    @ValueSource(ints = {512, 64 * 1024, 5 * MEBI})
    void whatWasWrittenIsReadBack(int length) throws Exception {
        // Given
        NbdClient nbd = client(TlsMode.REQUIRE, trusting());
        await(nbd.connect(tcp(certificates.forServer(NAME), "--tls=require", "memory", "16M")));
        assertThat(nbd.isTlsActive()).isTrue();
        assertThat(nbd.tlsSession()).hasValueSatisfying(session -> {
            assertThat(session.engine()).isEqualTo(provider().name().toLowerCase(Locale.ROOT));
            assertThat(session.protocol()).isEqualTo("TLSv1.3");
            assertThat(session.cipherSuite()).startsWith("TLS_");
        });
        assertThat(nbd.export().structuredReplies()).isTrue();

        // When
        byte[] bytes = Content.random(length, length);
        Content.writeAndReadBack(nbd, bytes, MEBI);
        ByteBuffer nio = ByteBuffer.allocateDirect(length);
        await(nbd.pread(nio, MEBI));
        await(nbd.flush());

        // Then
        byte[] read = new byte[length];
        nio.flip().get(read);
        assertThat(read).isEqualTo(bytes);
        assertThat(nbd.statistics().bytesReceivedDirect()).isZero();
        await(nbd.closeAsync());
        assertThat(nbd.state()).isEqualTo(ConnectionState.CLOSED);
    }

    @Test
    void manyRequestsAreInFlightAtOnce() throws Exception {
        // Given
        NbdClient nbd = client(TlsMode.REQUIRE, trusting());
        await(nbd.connect(tcp(certificates.forServer(NAME), "--tls=require", "pattern", "64M")));

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

    /** CVE-2024-7383: libnbd verified nothing there. Now it verifies the chain; here it takes a word of the user to leave out the name. */
    @Test
    void whereThereIsNoHostTheNameMustBeGivenOrLeftOut() throws Exception {
        // Given
        Path credentials = certificates.forServer(NAME);
        RealServer server =
                serving(RealServer.nbdkit("--tls-certificates=" + credentials, "--tls=require", "memory", "16M"));
        NbdTarget target = NbdTarget.unix(server.unixSocket());

        // When // Then
        NbdTlsException refusal = assertFails(client(TlsMode.REQUIRE, trusting()), target);
        assertThat(refusal.errno()).isEqualTo(NbdError.EINVAL);
        assertThat(refusal).hasMessageContaining("no host");
        assertFails(client(TlsMode.ALLOW, trusting()), target);
        assertThat(assertFails(client(TlsMode.REQUIRE, trusting().withHostname("other.example")), target))
                .hasMessageContaining("other.example");
        Content.writeAndReadBack(
                await(client(TlsMode.REQUIRE, trusting().withHostname(NAME)).connect(target)),
                Content.random(MEBI, 1),
                0);
        await(client(TlsMode.REQUIRE, trusting().withVerification(TlsVerification.CHAIN))
                .connect(target));
    }

    /** CVE-2024-7383, the other half: also without a host the chain of signatures is verified. */
    @Test
    void whereThereIsNoHostTheChainIsVerifiedAllTheSame() throws Exception {
        // Given
        Path credentials = certificates.forServer(NAME);
        RealServer server =
                serving(RealServer.nbdkit("--tls-certificates=" + credentials, "--tls=require", "memory", "1M"));
        NbdTarget target = NbdTarget.unix(server.unixSocket());
        TlsOptions chain = defaults().withVerification(TlsVerification.CHAIN);

        // When // Then
        assertFails(client(TlsMode.REQUIRE, chain), target);
        assertFails(client(TlsMode.REQUIRE, defaults().withHostname(NAME)), target);
    }

    @Test
    void nothingIsVerifiedIfTheUserSaysSo() throws Exception {
        // Given
        NbdTarget target = tcp(certificates.forServerNamed(NAME), "--tls=require", "memory", "1M");

        // When
        NbdClient nbd = client(TlsMode.REQUIRE, defaults().withVerification(TlsVerification.NONE));
        await(nbd.connect(target));

        // Then
        assertThat(nbd.isTlsActive()).isTrue();
        Content.writeAndReadBack(nbd, Content.random(MEBI, 9), 0);
    }

    @Test
    void nbdkitHasNoTlsOverPipes() throws Exception {
        // Given
        Path credentials = certificates.forServer(NAME);

        // When
        NbdTlsException failure = assertFails(
                client(TlsMode.REQUIRE, trusting().withHostname(NAME)),
                NbdTarget.command("nbdkit", "-s", "--tls-certificates=" + credentials, "--tls=require", "memory", "16M")
                        .withTransport(SubprocessTransport.PIPE));

        // Then
        assertThat(failure).hasMessageContaining("need a socket").hasMessageContaining("PIPE");
    }

    /** It needs a socket pair. */
    @Test
    @EnabledForJreRange(min = JRE.JAVA_22)
    void aChildSpeaksTlsOverItsStandardInput() throws Exception {
        // Given
        Path credentials = certificates.forServer(NAME);
        NbdClient nbd = client(TlsMode.REQUIRE, trusting().withHostname(NAME));

        // When
        await(nbd.connectCommand(
                "nbdkit", "-s", "--tls-certificates=" + credentials, "--tls=require", "memory", "16M"));

        // Then
        Content.writeAndReadBack(nbd, Content.random(MEBI, 2), 0);
        await(nbd.closeAsync());
        assertThat(nbd.state()).isEqualTo(ConnectionState.CLOSED);
    }

    @Test
    void optionsAreNegotiatedUnderTls() throws Exception {
        // Given
        NbdClient nbd = client(NbdClient.builder().optionMode(true).tls(TlsMode.REQUIRE, trusting()));
        await(nbd.connect(tcp(certificates.forServer(NAME), "--tls=require", "memory", "1M")));
        assertThat(nbd.state()).isEqualTo(ConnectionState.NEGOTIATING);

        // When
        List<ExportEntry> exports = await(nbd.negotiation().list());
        await(nbd.negotiation().go());

        // Then
        assertThat(exports).hasSize(1);
        assertThat(nbd.isTlsActive()).isTrue();
        Content.writeAndReadBack(nbd, Content.random(MEBI, 3), 0);
    }

    @Test
    void anAbortIsSaidUnderTls() throws Exception {
        // Given
        NbdClient nbd = client(NbdClient.builder().optionMode(true).tls(TlsMode.REQUIRE, trusting()));
        await(nbd.connect(tcp(certificates.forServer(NAME), "--tls=require", "memory", "1M")));

        // When
        await(nbd.negotiation().abort());

        // Then
        assertThat(nbd.state()).isEqualTo(ConnectionState.CLOSED);
    }

    @Test
    void t074ACertificateForAnotherHostIsRefused() throws Exception {
        // Given
        NbdTarget target = tcp(certificates.forServerNamed(NAME), "--tls=require", "memory", "1M");

        // When // Then
        assertThat(assertFails(client(TlsMode.REQUIRE, trusting()), target)).hasMessageContaining("127.0.0.1");
        assertFails(client(TlsMode.ALLOW, trusting()), target);
        await(client(TlsMode.REQUIRE, trusting().withVerification(TlsVerification.CHAIN))
                .connect(target));
    }

    @Test
    void t086TheNameToVerifyMayDifferFromTheHost() throws Exception {
        // Given
        NbdTarget target = tcp(certificates.forServerNamed(NAME), "--tls=require", "memory", "1M");

        // When // Then
        await(client(TlsMode.REQUIRE, trusting().withHostname(NAME)).connect(target));
        assertThat(assertFails(client(TlsMode.REQUIRE, trusting().withHostname("other.example")), target))
                .hasMessageContaining("other.example");
    }

    @Test
    void anAuthorityThatIsNotTrustedIsRefused() throws Exception {
        // When
        NbdTlsException failure = assertFails(
                client(TlsMode.REQUIRE, defaults()),
                tcp(certificates.forServer(NAME), "--tls=require", "memory", "1M"));

        // Then
        assertThat(failure).hasMessageContaining("the TLS handshake failed").hasCauseInstanceOf(SSLException.class);
    }

    @Test
    void t081AMissingClientCertificateIsAFailureOfTls() throws Exception {
        // Given
        NbdTarget target = tcp(certificates.forServer(NAME), "--tls=require", "--tls-verify-peer", "memory", "1M");
        certificates.forClient();

        // When // Then
        assertFails(client(TlsMode.REQUIRE, trusting()), target);
        NbdClient nbd = client(
                TlsMode.REQUIRE, trusting().withCertificate(certificates.clientChain(), certificates.clientKey()));
        await(nbd.connect(target));
        Content.writeAndReadBack(nbd, Content.random(MEBI, 4), 0);
    }

    @Test
    void theCallersOwnContextIsUsed() throws Exception {
        // Given
        TlsOptions own = TlsOptions.defaults()
                .withContext(SslContextBuilder.forClient()
                        .sslProvider(provider() == TlsProvider.JDK ? SslProvider.JDK : SslProvider.OPENSSL)
                        .trustManager(certificates.trusted().toFile())
                        .endpointIdentificationAlgorithm(null)
                        .protocols("TLSv1.2")
                        .build());
        NbdTarget right = tcp(certificates.forServer(NAME), "--tls=require", "memory", "1M");

        // When // Then
        Content.writeAndReadBack(await(client(TlsMode.REQUIRE, own).connect(right)), Content.random(MEBI, 5), 0);
        assertFails(client(TlsMode.REQUIRE, own.withHostname("other.example")), right);
    }

    @ParameterizedTest
    @EnumSource(names = {"DISABLE", "ALLOW", "REQUIRE"})
    void aServerThatOffersTlsLeavesItToTheClient(TlsMode mode) throws Exception {
        // Given
        NbdClient nbd = client(mode, trusting());

        // When
        await(nbd.connect(tcp(certificates.forServer(NAME), "--tls=on", "memory", "1M")));

        // Then
        assertThat(nbd.isTlsActive()).isEqualTo(mode != TlsMode.DISABLE);
        Content.writeAndReadBack(nbd, Content.random(MEBI, 6), 0);
    }

    @Test
    void t072AServerWithoutTlsIsRefusedIfItIsRequired() throws Exception {
        // When
        NbdTlsException failure = assertFails(
                client(TlsMode.REQUIRE, trusting()), tcp(certificates.forServer(NAME), "--tls=off", "memory", "1M"));

        // Then
        assertThat(failure.errno()).isEqualTo(NbdError.ENOTSUP);
        assertThat(failure).hasMessageContaining("TLS is required");
    }

    @Test
    void t073AServerWithoutTlsDoesIfItIsOnlyAllowed() throws Exception {
        // Given
        NbdClient nbd = client(TlsMode.ALLOW, trusting());

        // When
        await(nbd.connect(tcp(certificates.forServer(NAME), "--tls=off", "memory", "1M")));

        // Then
        assertThat(nbd.isTlsActive()).isFalse();
        Content.writeAndReadBack(nbd, Content.random(MEBI, 7), 0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-o", "--mask-handshake=0"})
    void t006AndT011OlderHandshakesHaveNoTls(String handshake) {
        NbdTlsException failure = assertFails(
                client(TlsMode.REQUIRE, trusting().withHostname(NAME)),
                NbdTarget.command("nbdkit", "-s", handshake, "memory", "1M"));
        assertThat(failure.errno()).isEqualTo(NbdError.ENOTSUP);
    }

    @Test
    void t038AServerThatRequiresTlsIsRefusedWithout() throws Exception {
        // When
        NegotiationRefusedException failure = failureOf(
                client(NbdClient.builder()).connect(tcp(certificates.forServer(NAME), "--tls=require", "memory", "1M")),
                NegotiationRefusedException.class);

        // Then
        assertThat(failure.reason()).isEqualTo(OptionReplyType.ERR_TLS_REQD);
        assertThat(failure).hasMessageContaining("TLS is required");
    }

    @Test
    void t082TheSchemeNbdsRequiresTls() throws Exception {
        // Given
        Path credentials = certificates.forServerNamed(NAME);
        RealServer encrypted =
                serving(RealServer.nbdkitTcp("--tls-certificates=" + credentials, "--tls=on", "memory", "1M"));
        RealServer clear = serving(RealServer.nbdkit("memory", "1M"));
        NbdClientBuilder builder = NbdClient.builder().tls(TlsMode.DISABLE, trusting());

        // When
        NbdClient nbd = client(builder);
        await(nbd.connectUri("nbds://127.0.0.1:" + encrypted.port() + "/?tls-hostname=" + NAME));

        // Then
        assertThat(nbd.isTlsActive()).isTrue();
        failureOf(client(builder).connectUri("nbds://127.0.0.1:" + encrypted.port() + "/"), NbdTlsException.class);
        failureOf(
                client(builder).connectUri("nbds+unix:///?tls-hostname=" + NAME + "&socket=" + clear.unixSocket()),
                NbdTlsException.class);
    }

    @Test
    void optionsThatCantBeUsedFailBeforeAServerIsBothered() throws Exception {
        // Given
        NbdTarget nobody = NbdTarget.unix(directory.resolve("no socket"));
        Path text = Files.writeString(directory.resolve("text"), "no certificate");

        // When // Then
        for (TlsOptions wrong : List.of(
                defaults().withTrustedCertificates(directory.resolve("missing.pem")),
                defaults().withTrustedCertificates(text),
                trusting().withCertificate(text, text),
                trusting().withRevocationLists(text),
                defaults().withPskFile(text))) {
            NbdTlsException failure = assertFails(client(TlsMode.ALLOW, wrong.withHostname(NAME)), nobody);
            assertThat(failure.errno()).isEqualTo(NbdError.EINVAL);
            assertThat(failure).hasMessageContaining("the TLS options can't be used");
        }
    }

    @Test
    void aClientThatIsClosedWhileItsContextIsMadeEnds() throws Exception {
        // Given
        NbdTarget target = tcp(certificates.forServer(NAME), "--tls=require", "memory", "1M");
        NbdClient nbd = client(TlsMode.REQUIRE, trusting());

        // When
        NbdFuture<NbdClient> connecting = nbd.connect(target);
        await(nbd.closeAsync());

        // Then
        failureOf(connecting, ConnectionLostException.class);
        assertThat(nbd.state()).isEqualTo(ConnectionState.CLOSED);
    }

    @Test
    void t084AnEndWithoutGoodbyeFailsWhatIsOwed() throws Exception {
        // Given
        Path credentials = certificates.forServer(NAME);
        RealServer server =
                serving(RealServer.nbdkit("--tls-certificates=" + credentials, "--tls=require", "memory", "16M"));
        NbdClient nbd = client(TlsMode.REQUIRE, trusting().withHostname(NAME));
        await(nbd.connectUnix(server.unixSocket()));
        Processes.stop(server.pid());

        // When
        NbdFuture<ByteBuf> read = nbd.pread(MEBI, 0);
        Processes.kill(server.pid());

        // Then
        assertThat(failureOf(read, ConnectionLostException.class).fate()).isEqualTo(RequestFate.UNKNOWN);
        assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
    }

    @Test
    @RequiresServer("qemu-nbd")
    void qemuSpeaksTls() throws Exception {
        // Given
        Path credentials = certificates.forServer(NAME);
        Path image = Files.write(directory.resolve("image"), new byte[MEBI]);
        RealServer server = serving(RealServer.qemuNbd(
                image,
                "-f",
                "raw",
                "--object",
                "tls-creds-x509,id=tls0,endpoint=server,verify-peer=off,dir=" + credentials,
                "--tls-creds",
                "tls0"));
        NbdClient nbd = client(TlsMode.REQUIRE, trusting().withHostname(NAME));

        // When
        await(nbd.connectUnix(server.unixSocket()));

        // Then
        Content.writeAndReadBack(nbd, Content.random(MEBI / 2, 8), 4096);
    }

    /** Nobody is owed anything, but an end that was not announced may be the work of somebody in between. */
    @Test
    void anEndWithoutGoodbyeIsNoEndInOrder() throws Exception {
        // Given
        Path credentials = certificates.forServer(NAME);
        RealServer server =
                serving(RealServer.nbdkit("--tls-certificates=" + credentials, "--tls=require", "memory", "16M"));
        NbdClient nbd = client(TlsMode.REQUIRE, trusting().withHostname(NAME));
        await(nbd.connectUnix(server.unixSocket()));
        Content.assertRead(nbd, new byte[512], 0);

        // When
        Processes.kill(server.pid());

        // Then
        Awaitility.await().until(() -> nbd.state() == ConnectionState.DEAD);
    }

    @Test
    void aDirectoryInTheLayoutOfLibnbdIsUsed() throws Exception {
        // Given
        NbdTarget target = tcp(certificates.forServer(NAME), "--tls=require", "--tls-verify-peer", "memory", "1M");
        TlsOptions options = defaults().withCertificateDirectory(directory);
        NbdTlsException failure = assertFails(client(TlsMode.REQUIRE, options), target);
        assertThat(failure.errno()).as("the server's opinion: %s", failure).isNull();

        // When
        certificates.forClient();
        NbdClient nbd = client(TlsMode.REQUIRE, options);
        await(nbd.connect(target));

        // Then
        Content.writeAndReadBack(nbd, Content.random(MEBI, 10), 0);
    }

    @Test
    void aRevokedCertificateIsRefused() throws Exception {
        // Given
        NbdTarget target = tcp(certificates.forServer(NAME), "--tls=require", "memory", "1M");
        TlsOptions options = defaults().withCertificateDirectory(directory);

        // When // Then
        certificates.revokeNothing();
        await(client(TlsMode.REQUIRE, options).connect(target));
        certificates.revokeServer();
        assertThat(assertFails(client(TlsMode.REQUIRE, options), target)).hasMessageContaining("revoked");
        assertFails(client(TlsMode.REQUIRE, trusting().withRevocationLists(certificates.revoked())), target);
    }

    @Test
    void nobodyKnowsWhatAnOutdatedListWouldSay() throws Exception {
        // Given
        NbdTarget target = tcp(certificates.forServer(NAME), "--tls=require", "memory", "1M");
        certificates.revokeNothingAnyMore();

        // When // Then
        assertFails(client(TlsMode.REQUIRE, defaults().withCertificateDirectory(directory)), target);
    }

    @Test
    void severalHandlesReadAndWriteSideBySide() throws Exception {
        // Given
        NbdTarget target = tcp(certificates.forServer(NAME), "--tls=require", "memory", "16M");

        // When // Then
        SideBySide.readAndWrite(
                8, 2 * MEBI, () -> await(client(TlsMode.REQUIRE, trusting()).connect(target)));
    }

    /** It wants a certificate of the client whenever it has an authority, without which it has no TLS. */
    @Test
    @RequiresServer("nbd-server")
    void nbdServerSpeaksTls() throws Exception {
        // Given
        Path credentials = certificates.forServer(NAME);
        certificates.forClient();
        Path image = Files.write(directory.resolve("image"), new byte[MEBI]);
        RealServer server = serving(RealServer.nbdServer("certfile = " + credentials.resolve("server-cert.pem")
                + "\nkeyfile = " + credentials.resolve("server-key.pem")
                + "\ncacertfile = " + certificates.trusted()
                + "\nforce_tls = true\n[disk]\nexportname = " + image + "\nflush = true\n"));
        TlsOptions options = trusting().withHostname(NAME);
        NbdClientBuilder builder = NbdClient.builder().exportName("disk");

        // When
        NbdClient nbd = client(builder.tls(
                TlsMode.REQUIRE, options.withCertificate(certificates.clientChain(), certificates.clientKey())));
        await(nbd.connectUnix(server.unixSocket()));

        // Then
        Content.writeAndReadBack(nbd, Content.random(MEBI / 2, 11), 4096);
        await(nbd.flush());
        assertThat(Arrays.copyOfRange(Files.readAllBytes(image), 4096, 4096 + MEBI / 2))
                .isEqualTo(Content.random(MEBI / 2, 11));
        assertFails(client(builder.tls(TlsMode.REQUIRE, options)), NbdTarget.unix(server.unixSocket()));
    }
}
