package io.nbd4j.client.server;

import static io.nbd4j.client.contract.Outcomes.await;
import static io.nbd4j.client.contract.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.nbd4j.client.ConnectionState;
import io.nbd4j.client.ExportEntry;
import io.nbd4j.client.ExportInfo;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.MetaContext;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdClientBuilder;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdTlsException;
import io.nbd4j.client.Negotiation;
import io.nbd4j.client.NegotiationRefusedException;
import io.nbd4j.client.NegotiationStatus;
import io.nbd4j.client.TlsMode;
import io.nbd4j.client.TlsOptions;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.handshake.HandshakeFlags;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.nbd4j.codec.handshake.OptionType;
import io.nbd4j.testkit.RealServer;
import io.nbd4j.testkit.junit.RequiresServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a user can do in option mode, against nbdkit. The time limit only ends what hangs. */
@RequiresServer("nbdkit")
@Timeout(120)
class OptionModeIT {
    private static final int MEBI = 1024 * 1024;
    private static final String ALLOCATION = MetaContext.BASE_ALLOCATION;

    private final List<RealServer> servers = new ArrayList<>();
    private final List<NbdClient> clients = new ArrayList<>();

    @TempDir
    Path directory;

    @AfterEach
    void closeAll() {
        clients.forEach(nbd -> await(nbd.closeAsync()));
        servers.forEach(RealServer::close);
    }

    private RealServer nbdkit(String... arguments) {
        RealServer server = RealServer.nbdkit(arguments);
        servers.add(server);
        return server;
    }

    private NbdClient paused(String... arguments) {
        return paused(NbdClient.builder(), arguments);
    }

    private NbdClient paused(NbdClientBuilder builder, String... arguments) {
        NbdClient nbd = client(builder.optionMode(true));
        await(nbd.connectUnix(nbdkit(arguments).unixSocket()));
        return nbd;
    }

    private NbdClient client(NbdClientBuilder builder) {
        NbdClient nbd = builder.build();
        clients.add(nbd);
        return nbd;
    }

    /** Two exports, "a" and "b", and no other. */
    private NbdClient pausedWithTwoExports(NbdClientBuilder builder) {
        return paused(
                builder,
                "--filter=exportname",
                "memory",
                "1M",
                "exportname-strict=true",
                "exportname=a",
                "exportname=b",
                "exportname-list=explicit",
                "exportdesc=fixed:half of it");
    }

    // ---- What is agreed, and the end

    @Test
    void tellsWhatIsAgreedAndNothingOfTheExportBeforeItIsChosen() {
        // Given
        NbdClient nbd = client(NbdClient.builder().optionMode(true));
        assertThatIllegalStateException().isThrownBy(() -> nbd.negotiation().status());

        // When
        await(nbd.connectUnix(nbdkit("memory", "1M").unixSocket()));

        // Then
        assertThat(nbd.negotiation().status())
                .isEqualTo(new NegotiationStatus(
                        ExportInfo.Protocol.NEWSTYLE_FIXED,
                        new HandshakeFlags(HandshakeFlags.FIXED_NEWSTYLE | HandshakeFlags.NO_ZEROES),
                        false,
                        true,
                        false,
                        List.of()));
        assertThat(nbd.isTlsActive()).isFalse();
        assertThatIllegalStateException().isThrownBy(nbd::export);
    }

    @Test
    void abortClosesTheHandle() {
        // Given
        NbdClient nbd = paused("memory", "1M");

        // When
        await(nbd.negotiation().abort());

        // Then
        assertThat(nbd.state()).isEqualTo(ConnectionState.CLOSED);
        assertThat(nbd.negotiation().status().structuredReplies()).isTrue();
        assertThatIllegalStateException().isThrownBy(nbd::export);
        failureOf(nbd.negotiation().abort(), InvalidRequestException.class);
    }

    @Test
    void aNegotiationCanBeClosed() {
        NbdClient nbd = paused("memory", "1M");
        await(nbd.closeAsync());
        assertThat(nbd.state()).isEqualTo(ConnectionState.CLOSED);
    }

    @Test
    void oldstyleHasNoOptionMode() {
        // When
        NbdClient nbd = paused("-o", "memory", "1M");

        // Then
        assertThat(nbd.state()).isEqualTo(ConnectionState.READY);
        assertThat(nbd.negotiation().status())
                .isEqualTo(new NegotiationStatus(
                        ExportInfo.Protocol.OLDSTYLE, new HandshakeFlags(0), false, false, false, List.of()));
        assertThat(nbd.export().metaContexts()).isEmpty();
        InvalidRequestException refused = failureOf(nbd.negotiation().abort(), InvalidRequestException.class);
        assertThat(refused.errno()).isEqualTo(NbdError.EINVAL);
        Content.writeAndReadBack(nbd, Content.random(4096, 1), 0);
    }

    // ---- Servers that can do little

    @Test
    void withoutTheFixedHandshakeEverythingButGoAndAbortIsRefusedHere() {
        // Given
        TlsOptions tls = TlsOptions.defaults().withHostname("disk.example");
        NbdClient nbd = paused(
                NbdClient.builder().metaContexts(ALLOCATION).tls(TlsMode.DISABLE, tls),
                "--mask-handshake=0",
                "memory",
                "1M");
        Negotiation negotiation = nbd.negotiation();

        // When // Then
        assertNotSupported(negotiation.list());
        assertNotSupported(negotiation.info());
        assertNotSupported(negotiation.startTls());
        assertNotSupported(negotiation.structuredReplies());
        assertNotSupported(negotiation.extendedHeaders());
        assertNotSupported(negotiation.listMetaContexts());
        assertNotSupported(negotiation.setMetaContexts());
        await(negotiation.go());
        assertThat(nbd.export().protocol()).isEqualTo(ExportInfo.Protocol.NEWSTYLE);
        assertThat(nbd.export().metaContexts()).isEmpty();
        Content.writeAndReadBack(nbd, Content.random(4096, 2), 0);
    }

    private static void assertNotSupported(NbdFuture<?> option) {
        assertThat(failureOf(option, InvalidRequestException.class).errno()).isEqualTo(NbdError.ENOTSUP);
    }

    @Test
    void withoutTheFixedHandshakeAbortHangsUp() {
        NbdClient nbd = paused("--mask-handshake=0", "memory", "1M");
        await(nbd.negotiation().abort());
        assertThat(nbd.state()).isEqualTo(ConnectionState.CLOSED);
    }

    @Test
    void withoutTheFixedHandshakeAWrongNameEndsTheConnection() {
        // Given
        NbdClient nbd = paused(
                "--mask-handshake=0", "--filter=exportname", "memory", "1M", "exportname-strict=true", "exportname=a");

        // When
        NegotiationRefusedException refused =
                failureOf(nbd.negotiation().exportName("b").go(), NegotiationRefusedException.class);

        // Then
        assertThat(refused.option()).isEqualTo(OptionType.EXPORT_NAME);
        assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
    }

    @Test
    void withoutTheFixedHandshakeThereIsNoTls() {
        NbdClient nbd = client(NbdClient.builder()
                .optionMode(true)
                .tls(TlsMode.REQUIRE, TlsOptions.defaults().withHostname("disk.example")));
        NbdTlsException failure = failureOf(
                nbd.connectUnix(nbdkit("--mask-handshake=0", "memory", "1M").unixSocket()), NbdTlsException.class);
        assertThat(failure.errno()).isEqualTo(NbdError.ENOTSUP);
        assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
    }

    @ParameterizedTest
    @CsvSource({"1, NEWSTYLE_FIXED", "2, NEWSTYLE", "0, NEWSTYLE", "3, NEWSTYLE_FIXED"})
    void usesNoMoreOfTheHandshakeThanItMay(int allowed, ExportInfo.Protocol protocol) {
        // When
        NbdClient nbd = paused(NbdClient.builder().handshakeFlags(new HandshakeFlags(allowed)), "memory", "1M");

        // Then
        assertThat(nbd.negotiation().status().protocol()).isEqualTo(protocol);
        assertThat(nbd.negotiation().status().handshakeFlags()).isEqualTo(new HandshakeFlags(allowed));
        await(nbd.negotiation().go());
        Content.writeAndReadBack(nbd, Content.random(4096, 3), 0);
    }

    // ---- LIST

    @Test
    void listsWhatThereIs() {
        NbdClient nbd = pausedWithTwoExports(NbdClient.builder());
        assertThat(await(nbd.negotiation().list()))
                .containsExactly(new ExportEntry("a", "half of it"), new ExportEntry("b", "half of it"));
    }

    @Test
    void listsNothing() {
        NbdClient nbd = paused("--filter=exportname", "memory", "1M", "exportname-list=empty");
        assertThat(await(nbd.negotiation().list())).isEmpty();
        await(nbd.negotiation().go());
    }

    @Test
    void goesOnBehindAListThatFails() {
        // Given
        NbdClient nbd = paused("--filter=exportname", "memory", "1M", "exportname-list=error");

        // When
        NegotiationRefusedException refused = failureOf(nbd.negotiation().list(), NegotiationRefusedException.class);

        // Then
        assertThat(refused.option()).isEqualTo(OptionType.LIST);
        assertThat(nbd.state()).isEqualTo(ConnectionState.NEGOTIATING);
        await(nbd.negotiation().go());
    }

    // ---- INFO and GO

    @Test
    void infoAndGoTellOfTheExportThatTheyName() {
        // Given
        NbdClient nbd = pausedWithTwoExports(NbdClient.builder().metaContexts(ALLOCATION));
        Negotiation negotiation = nbd.negotiation();

        // When // Then
        assertThat(negotiation.exportName()).isEmpty();
        assertThat(failureOf(negotiation.info(), NegotiationRefusedException.class)
                        .reason())
                .isEqualTo(OptionReplyType.ERR_UNKNOWN);
        ExportInfo info = await(negotiation.exportName("a").info());
        assertThat(info.name()).isEqualTo("a");
        assertThat(info.size()).isEqualTo(MEBI);
        assertThat(info.canMetaContext(ALLOCATION)).isTrue();
        assertThat(info.description()).isNull();
        assertThat(await(negotiation.fullInfo(true).info()).description()).isEqualTo("half of it");
        assertThat(failureOf(negotiation.exportName("c").go(), NegotiationRefusedException.class)
                        .reason())
                .isEqualTo(OptionReplyType.ERR_UNKNOWN);
        assertThat(negotiation.status().metaContexts()).isEmpty();
        await(negotiation.exportName("b").go());
        assertThat(nbd.export().name()).isEqualTo("b");
        assertThat(nbd.export().canMetaContext(ALLOCATION)).isTrue();
        failureOf(negotiation.info(), InvalidRequestException.class);
        failureOf(negotiation.exportName("a").setMetaContexts(), InvalidRequestException.class);
        assertThat(nbd.export().canMetaContext(ALLOCATION)).isTrue();
        Content.writeAndReadBack(nbd, Content.random(4096, 4), 0);
    }

    @Test
    void theSelectionOfInfoHoldsForGoIfThatMakesNone() {
        // Given
        NbdClient nbd = pausedWithTwoExports(NbdClient.builder().metaContexts(ALLOCATION, "x-no:such"));
        Negotiation negotiation = nbd.negotiation().exportName("a");

        // When
        ExportInfo info = await(negotiation.info());
        await(negotiation.requestMetaContexts(false).metaContexts(List.of()).go());

        // Then
        assertThat(info.metaContexts()).hasSize(1);
        assertThat(nbd.export().metaContexts()).isEqualTo(info.metaContexts());
        assertThat(nbd.export().canMetaContext("x-no:such")).isFalse();
    }

    @Test
    void withoutASelectionNothingIsSelected() {
        // Given
        NbdClient nbd = pausedWithTwoExports(
                NbdClient.builder().metaContexts(ALLOCATION).requestMetaContexts(false));
        Negotiation negotiation = nbd.negotiation().exportName("a");

        // When // Then
        assertThat(await(negotiation.info()).metaContexts()).isEmpty();
        await(negotiation.setMetaContexts());
        assertThat(await(negotiation.info()).metaContexts()).hasSize(1);
        assertThat(await(negotiation.exportName("b").info()).metaContexts()).isEmpty();
        assertThat(await(negotiation.exportName("a").info()).metaContexts()).isEmpty();
        await(negotiation.go());
        assertThat(nbd.export().metaContexts()).isEmpty();
    }

    @Test
    void aNameThatCantBeIsRefusedHere() {
        // Given
        NbdClient nbd = paused("memory", "1M");
        Negotiation negotiation = nbd.negotiation();

        // When // Then
        for (String name : List.of("n".repeat(4097), "a\0b", "\ud800")) {
            assertThat(failureOf(negotiation.exportName(name).go(), InvalidRequestException.class)
                            .errno())
                    .isEqualTo(NbdError.EINVAL);
            failureOf(negotiation.info(), InvalidRequestException.class);
            negotiation.exportName("");
            failureOf(negotiation.setMetaContexts("x:" + name), InvalidRequestException.class);
            failureOf(negotiation.listMetaContexts("x:" + name), InvalidRequestException.class);
            failureOf(negotiation.metaContexts(List.of("x:" + name)).go(), InvalidRequestException.class);
            negotiation.metaContexts(List.of());
        }
        await(negotiation.go());
    }

    // ---- Meta contexts

    @Test
    void listsMetaContexts() {
        // Given
        NbdClient nbd = paused("memory", "1M");
        Negotiation negotiation = nbd.negotiation();

        // When // Then
        assertThat(await(negotiation.listMetaContexts())).containsExactly(ALLOCATION);
        assertThat(await(negotiation.metaContexts(List.of("x-nosuch:")).listMetaContexts()))
                .isEmpty();
        assertThat(await(negotiation
                        .metaContexts(List.of("x-nosuch:", ALLOCATION))
                        .listMetaContexts()))
                .containsExactly(ALLOCATION);
        assertThat(await(negotiation.listMetaContexts("base:"))).containsExactly(ALLOCATION);
        assertThat(await(negotiation.listMetaContexts("x-nosuch:"))).isEmpty();
        assertThat(await(negotiation.listMetaContexts(new String[0]))).containsExactly(ALLOCATION);
        assertThat(negotiation.metaContexts()).containsExactly("x-nosuch:", ALLOCATION);
        assertThat(negotiation.status().metaContexts()).isEmpty();
    }

    @Test
    void aListLeavesTheSelectionAsItIs() {
        // Given
        NbdClient nbd = paused("memory", "1M");
        Negotiation negotiation = nbd.negotiation().requestMetaContexts(false);

        // When
        List<MetaContext> selected = await(negotiation.setMetaContexts(ALLOCATION));
        await(negotiation.listMetaContexts("x-nosuch:"));
        await(negotiation.go());

        // Then
        assertThat(selected).extracting(MetaContext::name).containsExactly(ALLOCATION);
        assertThat(nbd.export().metaContexts()).isEqualTo(selected);
    }

    @Test
    void listsMetaContextsWithoutStructuredReplies() {
        NbdClient nbd = paused(NbdClient.builder().structuredReplies(false), "memory", "1M");
        assertThat(await(nbd.negotiation().listMetaContexts())).containsExactly(ALLOCATION);
    }

    @Test
    void selectsMetaContexts() {
        // Given
        NbdClient nbd = paused("memory", "1M");
        Negotiation negotiation = nbd.negotiation();

        // When // Then
        assertThat(await(negotiation.setMetaContexts("base:")))
                .as("no wildcards")
                .isEmpty();
        assertThat(await(negotiation.setMetaContexts())).isEmpty();
        assertThat(await(negotiation
                        .metaContexts(List.of("x-nosuch:context", ALLOCATION))
                        .setMetaContexts()))
                .extracting(MetaContext::name)
                .containsExactly(ALLOCATION);
        assertThat(await(negotiation.setMetaContexts(new String[0]))).isEmpty();
        assertThat(await(negotiation.setMetaContexts(ALLOCATION, ALLOCATION)))
                .as("nbdkit repeats it")
                .hasSize(1);
        await(negotiation.requestMetaContexts(false).go());
        assertThat(nbd.export().canMetaContext(ALLOCATION)).isTrue();
        failureOf(negotiation.setMetaContexts(), InvalidRequestException.class);
        assertThat(nbd.export().canMetaContext(ALLOCATION)).isTrue();
    }

    @Test
    void aWantedMetaContextIsSelectedWithoutOptionModeToo() {
        // Given
        NbdClient nbd = client(NbdClient.builder().metaContexts("x-no:such", ALLOCATION));

        // When
        await(nbd.connectUnix(nbdkit("memory", "1M").unixSocket()));

        // Then
        assertThat(nbd.export().metaContexts()).extracting(MetaContext::name).containsExactly(ALLOCATION);
        Content.writeAndReadBack(nbd, Content.random(4096, 5), 0);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void withoutStructuredRepliesNoMetaContextIsSelected(boolean asked) {
        // Given
        NbdClient nbd = paused(
                NbdClient.builder().metaContexts(ALLOCATION).structuredReplies(asked), "--no-sr", "memory", "1M");

        // When
        failureOf(nbd.negotiation().setMetaContexts(), NegotiationRefusedException.class);
        await(nbd.negotiation().go());

        // Then
        assertThat(nbd.export().metaContexts()).isEmpty();
        Content.writeAndReadBack(nbd, Content.random(4096, 6), 0);
    }

    // ---- Structured replies

    @Test
    void structuredRepliesCanBeAskedForTwice() {
        // Given
        NbdClient nbd = paused("memory", "1M");

        // When: newer ones refuse it
        await(nbd.negotiation().structuredReplies());

        // Then
        assertThat(nbd.negotiation().status().structuredReplies()).isTrue();
        await(nbd.negotiation().metaContexts(List.of(ALLOCATION)).go());
        assertThat(nbd.export().structuredReplies()).isTrue();
        assertThat(nbd.export().canMetaContext(ALLOCATION)).isTrue();
        Content.writeAndReadBack(nbd, Content.random(4096, 7), 0);
    }

    @Test
    void structuredRepliesCanBeAskedForByHand() {
        // Given
        NbdClient nbd = paused(NbdClient.builder().structuredReplies(false), "memory", "1M");
        assertThat(nbd.negotiation().status().structuredReplies()).isFalse();
        failureOf(nbd.negotiation().setMetaContexts(ALLOCATION), NegotiationRefusedException.class);

        // When
        assertThat(await(nbd.negotiation().structuredReplies())).isTrue();

        // Then
        assertThat(await(nbd.negotiation().setMetaContexts(ALLOCATION))).hasSize(1);
        assertThat(await(nbd.negotiation().extendedHeaders()))
                .as("nbdkit has none")
                .isFalse();
        await(nbd.negotiation().go());
        assertThat(nbd.export().canDf()).isTrue();
        Content.writeAndReadBack(nbd, Content.random(4096, 8), 0);
    }

    @Test
    void withoutStructuredRepliesThereIsNoDf() {
        NbdClient nbd = paused(NbdClient.builder().structuredReplies(false), "memory", "1M");
        assertThat(await(nbd.negotiation().info()).canDf()).isFalse();
    }

    // ---- STARTTLS

    private NbdClient pausedOverTcp(String tls, NbdClientBuilder builder) throws Exception {
        Certificates certificates = new Certificates(directory);
        RealServer server = RealServer.nbdkitTcp(
                "--tls-certificates=" + certificates.forServer("localhost"), "--tls=" + tls, "memory", "1M");
        servers.add(server);
        NbdClient nbd = client(builder.optionMode(true)
                .metaContexts(ALLOCATION)
                .tls(TlsMode.DISABLE, TlsOptions.defaults().withTrustedCertificates(certificates.trusted())));
        await(nbd.connectTcp("127.0.0.1", server.port()));
        return nbd;
    }

    @Test
    void aServerWithoutTlsGoesOnInClear() throws Exception {
        // Given
        NbdClient nbd = pausedOverTcp("off", NbdClient.builder());
        Negotiation negotiation = nbd.negotiation();
        ExportInfo before = await(negotiation.info());

        // When
        boolean started = await(negotiation.startTls());

        // Then
        assertThat(started).isFalse();
        assertThat(negotiation.status().tls()).isFalse();
        assertThat(negotiation.status().structuredReplies()).isTrue();
        assertThat(negotiation.status().metaContexts()).isEqualTo(before.metaContexts());
        await(negotiation.go());
        assertThat(nbd.isTlsActive()).isFalse();
    }

    @Test
    void aServerThatOffersTlsForgetsEverythingWhenItIsStarted() throws Exception {
        // Given
        NbdClient nbd = pausedOverTcp("on", NbdClient.builder());
        Negotiation negotiation = nbd.negotiation();
        assertThat(await(negotiation.info()).canMetaContext(ALLOCATION)).isTrue();
        assertThat(negotiation.status().structuredReplies()).isTrue();

        // When
        assertThat(await(negotiation.startTls())).isTrue();

        // Then
        assertThat(nbd.isTlsActive()).isTrue();
        assertThat(negotiation.status().tls()).isTrue();
        assertThat(negotiation.status().structuredReplies()).isFalse();
        assertThat(negotiation.status().metaContexts()).isEmpty();
        assertThat(await(negotiation.startTls())).as("once is enough").isFalse();
        assertThat(await(negotiation.structuredReplies())).isTrue();
        assertThat(await(negotiation.info()).canMetaContext(ALLOCATION)).isTrue();
        await(negotiation.go());
        assertThat(nbd.isTlsActive()).isTrue();
        assertThat(nbd.export().canMetaContext(ALLOCATION)).isTrue();
        Content.writeAndReadBack(nbd, Content.random(4096, 9), 0);
    }

    @Test
    void aServerThatRequiresTlsAnswersNothingElse() throws Exception {
        // Given
        NbdClient nbd = pausedOverTcp("require", NbdClient.builder());
        Negotiation negotiation = nbd.negotiation();
        assertThat(negotiation.status().structuredReplies()).isFalse();
        assertNeedsTls(negotiation.list());
        assertNeedsTls(negotiation.info());
        assertNeedsTls(negotiation.go());
        assertNeedsTls(negotiation.listMetaContexts());
        assertNeedsTls(negotiation.setMetaContexts());
        assertThat(await(negotiation.structuredReplies())).isFalse();

        // When
        assertThat(await(negotiation.startTls())).isTrue();

        // Then
        await(negotiation.go());
        assertThat(nbd.export().structuredReplies()).isFalse();
        Content.writeAndReadBack(nbd, Content.random(4096, 10), 0);
    }

    private static void assertNeedsTls(NbdFuture<?> option) {
        NegotiationRefusedException refused = failureOf(option, NegotiationRefusedException.class);
        assertThat(refused.reason()).isEqualTo(OptionReplyType.ERR_TLS_REQD);
        assertThat(refused.errno()).isEqualTo(NbdError.ENOTSUP);
    }

    @Test
    void tlsThatFailsEndsTheConnection() throws Exception {
        // Given
        Certificates certificates = new Certificates(directory);
        RealServer server = RealServer.nbdkitTcp(
                "--tls-certificates=" + certificates.forServer("localhost"), "--tls=on", "memory", "1M");
        servers.add(server);
        NbdClient nbd = client(NbdClient.builder().optionMode(true));
        await(nbd.connectTcp("127.0.0.1", server.port()));

        // When: nobody trusts this authority
        failureOf(nbd.negotiation().startTls(), NbdTlsException.class);

        // Then
        assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
        assertThat(nbd.isTlsActive()).isFalse();
    }

    @Test
    void tlsOptionsThatAreOfNoUseChangeNothing() {
        // Given
        NbdClient nbd = paused(
                NbdClient.builder()
                        .tls(
                                TlsMode.DISABLE,
                                TlsOptions.defaults().withTrustedCertificates(directory.resolve("missing"))),
                "memory",
                "1M");

        // When
        NbdTlsException failure = failureOf(nbd.negotiation().startTls(), NbdTlsException.class);

        // Then
        assertThat(failure.errno()).isEqualTo(NbdError.EINVAL);
        assertThat(nbd.state()).isEqualTo(ConnectionState.NEGOTIATING);
        await(nbd.negotiation().go());
    }

    @Test
    void nothingElseIsAskedWhileTlsIsBeingStarted() throws Exception {
        // Given
        NbdClient nbd = pausedOverTcp("on", NbdClient.builder());
        Negotiation negotiation = nbd.negotiation();

        // When
        NbdFuture<Boolean> starting = negotiation.startTls();
        InvalidRequestException refused = failureOf(negotiation.info(), InvalidRequestException.class);

        // Then
        assertThat(refused.errno()).isEqualTo(NbdError.EINVAL);
        assertThat(await(starting)).isTrue();
    }

    // ---- Before connecting

    @Test
    void whatIsWantedCanBeSaidBeforeConnecting() {
        // Given
        NbdClient nbd = client(NbdClient.builder());
        nbd.negotiation().metaContexts(List.of(ALLOCATION)).exportName("any").fullInfo(true);

        // When
        await(nbd.connectUnix(nbdkit("memory", "1M").unixSocket()));

        // Then
        assertThat(nbd.export().name()).isEqualTo("any");
        assertThat(nbd.export().canMetaContext(ALLOCATION)).isTrue();
        assertThat(nbd.export().canonicalName()).isNotNull();
    }

    @Test
    void optionsNeedAConnection() {
        NbdClient nbd = client(NbdClient.builder());
        Negotiation negotiation = nbd.negotiation();
        failureOf(negotiation.startTls(), InvalidRequestException.class);
        failureOf(negotiation.structuredReplies(), InvalidRequestException.class);
        failureOf(negotiation.extendedHeaders(), InvalidRequestException.class);
        failureOf(negotiation.listMetaContexts(), InvalidRequestException.class);
        failureOf(negotiation.setMetaContexts(), InvalidRequestException.class);
        assertThat(nbd.state()).isEqualTo(ConnectionState.CREATED);
    }
}
