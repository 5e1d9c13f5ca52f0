package io.nbd4j.client.server;

import static io.nbd4j.client.contract.Outcomes.await;
import static io.nbd4j.client.contract.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.ConnectionState;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdClientBuilder;
import io.nbd4j.client.NbdException;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdProtocolException;
import io.nbd4j.client.NbdTimeoutException;
import io.nbd4j.client.Negotiation;
import io.nbd4j.client.NegotiationRefusedException;
import io.nbd4j.client.NegotiationStatus;
import io.nbd4j.client.TlsMode;
import io.nbd4j.client.TlsOptions;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.nbd4j.codec.handshake.OptionType;
import io.nbd4j.testkit.MemoryExport;
import io.nbd4j.testkit.MetaContext;
import io.nbd4j.testkit.TestServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The negotiation with a server that speaks all of it, and does what it should not. The time limit only ends what hangs. */
@Timeout(120)
class NegotiationWithTestServerIT {
    /** A Unix socket has no host whose name the certificate could have. */
    private static final TlsOptions STARTED_BY_HAND = TlsOptions.defaults().withHostname("disk.example");

    private static final String ALLOCATION = MetaContext.ALLOCATION;
    private static final String DIRTY = "x-a:dirty";

    private final List<TestServer> servers = new ArrayList<>();
    private final List<NbdClient> clients = new ArrayList<>();

    @AfterEach
    void closeAll() {
        clients.forEach(nbd -> await(nbd.closeAsync()));
        servers.forEach(TestServer::close);
    }

    private static TestServer.Builder offering() {
        return TestServer.builder()
                .unixSocket()
                .recordTranscript()
                .metaContexts(MetaContext.of(DIRTY, new MetaContext.Extent(4096, 1)))
                .export("", MemoryExport.ofSize(1 << 20))
                .export("other", MemoryExport.ofSize(1 << 21));
    }

    private TestServer serving(TestServer.Builder builder) {
        TestServer server = builder.start();
        servers.add(server);
        return server;
    }

    private NbdClient client(NbdClientBuilder builder) {
        NbdClient nbd = builder.build();
        clients.add(nbd);
        return nbd;
    }

    private NbdClient paused(TestServer server, NbdClientBuilder builder) {
        NbdClient nbd = client(builder.optionMode(true).tls(TlsMode.DISABLE, STARTED_BY_HAND));
        await(nbd.connectUnix(server.socketPath()));
        assertThat(nbd.state()).isEqualTo(ConnectionState.NEGOTIATING);
        return nbd;
    }

    // ---- The order

    @ParameterizedTest(name = "{0}, {1}, {2}: {3}")
    @CsvSource({
        // What the server offers, what the client asks for, whether it wants contexts, what is sent.
        "extended, extended, false, EXTENDED_HEADERS GO",
        "extended, extended, true, EXTENDED_HEADERS SET_META_CONTEXT GO",
        "structured, extended, true, EXTENDED_HEADERS STRUCTURED_REPLY SET_META_CONTEXT GO",
        "extended, structured, true, STRUCTURED_REPLY SET_META_CONTEXT GO",
        "extended, simple, true, GO",
        "simple, extended, true, EXTENDED_HEADERS STRUCTURED_REPLY GO",
    })
    void optionsAreAskedForInTheOrderOfLibnbd(String offered, String asked, boolean contexts, String sent) {
        // Given
        TestServer server = serving(
                offering().extendedHeaders(offered.equals("extended")).structuredReplies(!offered.equals("simple")));
        NbdClient nbd = client(NbdClient.builder()
                .extendedHeaders(asked.equals("extended"))
                .structuredReplies(!asked.equals("simple"))
                .metaContexts(contexts ? new String[] {ALLOCATION, DIRTY} : new String[0]));

        // When
        await(nbd.connectUnix(server.socketPath()));

        // Then
        assertThat(server.transcript().options()).extracting(OptionType::name).containsExactly(sent.split(" "));
        boolean chunks = sent.contains("META");
        assertThat(nbd.export().canMetaContext(ALLOCATION)).isEqualTo(chunks);
        assertThat(nbd.export().canMetaContext(DIRTY)).isEqualTo(chunks);
        assertThat(nbd.export().extendedHeaders()).isEqualTo((offered + asked).equals("extendedextended"));
        assertThat(nbd.export().canBlockStatusPayload())
                .isEqualTo(chunks && nbd.export().extendedHeaders());
        assertThat(nbd.negotiation().status())
                .isEqualTo(new NegotiationStatus(
                        nbd.export().protocol(),
                        nbd.negotiation().status().handshakeFlags(),
                        false,
                        nbd.export().structuredReplies(),
                        nbd.export().extendedHeaders(),
                        nbd.export().metaContexts()));
    }

    // ---- Extended headers by hand

    @Test
    void extendedHeadersBringStructuredRepliesAlong() {
        // Given
        TestServer server = serving(offering());
        NbdClient nbd = paused(server, NbdClient.builder().structuredReplies(false));
        Negotiation negotiation = nbd.negotiation();
        assertThat(server.transcript().options()).isEmpty();

        // When // Then
        assertThat(await(negotiation.extendedHeaders())).isTrue();
        assertThat(negotiation.status().extendedHeaders()).isTrue();
        assertThat(negotiation.status().structuredReplies()).isTrue();
        assertThat(await(negotiation.extendedHeaders())).as("a second time").isFalse();
        assertThat(await(negotiation.structuredReplies()))
                .as("they are on already")
                .isFalse();
        assertThat(negotiation.status().extendedHeaders()).isTrue();
        assertThat(await(negotiation.setMetaContexts(DIRTY))).hasSize(1);
        assertThat(await(negotiation.info()).canMetaContext(DIRTY)).isTrue();
    }

    @Test
    void extendedHeadersCanFollowStructuredReplies() {
        NbdClient nbd = paused(serving(offering()), NbdClient.builder().extendedHeaders(false));
        assertThat(nbd.negotiation().status().structuredReplies()).isTrue();
        assertThat(await(nbd.negotiation().extendedHeaders())).isTrue();
        assertThat(await(nbd.negotiation().info()).extendedHeaders()).isTrue();
    }

    // ---- What the server does that it should not, or need not

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({
        "ERR_UNSUP, ENOTSUP",
        "ERR_POLICY, ",
        "ERR_INVALID, EINVAL",
        "ERR_PLATFORM, ",
        "ERR_TLS_REQD, ENOTSUP",
        "ERR_UNKNOWN, ",
        "ERR_BLOCK_SIZE_REQD, EINVAL",
        "ERR_TOO_BIG, EINVAL",
        "ERR_EXT_HEADER_REQD, ",
    })
    void eachRefusalIsToldWithTheServersWords(OptionReplyType reason, @Nullable NbdError errno) {
        // Given
        TestServer server = serving(offering().faults("on OPTION always: refuse " + reason + " 'not today'"));
        NbdClient nbd = paused(server, NbdClient.builder());
        Negotiation negotiation = nbd.negotiation();

        // When // Then
        assertRefused(negotiation.info(), OptionType.INFO, reason, errno);
        assertRefused(negotiation.list(), OptionType.LIST, reason, errno);
        assertRefused(negotiation.listMetaContexts(), OptionType.LIST_META_CONTEXT, reason, errno);
        assertRefused(negotiation.setMetaContexts(), OptionType.SET_META_CONTEXT, reason, errno);
        if (reason != OptionReplyType.ERR_UNSUP) {
            // ERR_UNSUP leads to EXPORT_NAME.
            assertRefused(negotiation.go(), OptionType.GO, reason, errno);
        }
        assertThat(await(negotiation.structuredReplies())).isFalse();
        assertThat(await(negotiation.extendedHeaders())).isFalse();
        assertThat(await(negotiation.startTls())).isFalse();
        assertThat(nbd.state()).isEqualTo(ConnectionState.NEGOTIATING);
    }

    private static void assertRefused(
            NbdFuture<?> future, OptionType option, OptionReplyType reason, @Nullable NbdError errno) {
        NegotiationRefusedException refused = failureOf(future, NegotiationRefusedException.class);
        assertThat(refused.option()).isEqualTo(option);
        assertThat(refused.reason()).isEqualTo(reason);
        assertThat(refused.errno()).isEqualTo(errno);
        assertThat(refused.serverMessage()).isEqualTo("not today");
        assertThat(refused).hasMessageContaining(option.name()).hasMessageContaining(reason.name());
    }

    @Test
    void aServerThatShutsDownEndsTheNegotiation() {
        // Given
        TestServer server = serving(offering().faults("on LIST nth 1: refuse ERR_SHUTDOWN 'bye'"));
        NbdClient nbd = paused(server, NbdClient.builder());

        // When
        NegotiationRefusedException refused = failureOf(nbd.negotiation().list(), NegotiationRefusedException.class);

        // Then
        assertThat(refused.errno()).isEqualTo(NbdError.ESHUTDOWN);
        awaitState(nbd, ConnectionState.DEAD);
        assertThat(server.transcript().options()).endsWith(OptionType.LIST, OptionType.ABORT);
    }

    @Test
    void aRefusedGoIsTriedAgain() {
        // Given
        TestServer server = serving(offering().faults("on GO nth 1: refuse ERR_POLICY 'not today'"));
        NbdClient nbd = paused(server, NbdClient.builder().metaContexts(DIRTY));

        // When
        failureOf(nbd.negotiation().go(), NegotiationRefusedException.class);
        await(nbd.negotiation().exportName("other").go());

        // Then
        assertThat(nbd.export().size()).isEqualTo(1 << 21);
        assertThat(nbd.export().canMetaContext(DIRTY)).isTrue();
        assertThat(server.transcript().options(OptionType.SET_META_CONTEXT)).hasSize(2);
        Content.writeAndReadBack(nbd, Content.random(4096, 1), 0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"SET_META_CONTEXT", "GO", "INFO", "EXTENDED_HEADERS", "LIST_META_CONTEXT", "STARTTLS"})
    void aServerThatLeavesFailsTheOption(String option) {
        // Given
        TestServer server = serving(offering().faults("on " + option + " nth 1: drop"));
        NbdClient nbd = paused(server, NbdClient.builder().extendedHeaders(false));

        // When
        NbdFuture<?> future = ask(nbd.negotiation(), option);

        // Then
        failureOf(future, ConnectionLostException.class);
        assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
    }

    @ParameterizedTest
    @ValueSource(strings = {"SET_META_CONTEXT", "GO", "INFO", "EXTENDED_HEADERS", "LIST_META_CONTEXT"})
    void aServerThatAnswersAnotherOptionIsLeft(String option) {
        // Given
        TestServer server = serving(offering().faults("on " + option + " nth 1: wrong cookie"));
        NbdClient nbd = paused(server, NbdClient.builder().extendedHeaders(false));

        // When
        NbdFuture<?> future = ask(nbd.negotiation(), option);

        // Then
        failureOf(future, NbdProtocolException.class);
        assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
    }

    @ParameterizedTest
    @ValueSource(strings = {"oversized length", "oversized length 0x4000001", "unknown reply 0x7f", "wrong magic"})
    void aReplyThatIsNoneEndsTheConnection(String fault) {
        for (String option : List.of("SET_META_CONTEXT", "LIST_META_CONTEXT", "INFO", "EXTENDED_HEADERS")) {
            // Given
            TestServer server = serving(offering().faults("on " + option + " nth 1: " + fault));
            NbdClient nbd = paused(server, NbdClient.builder().extendedHeaders(false));

            // When
            NbdFuture<?> future = ask(nbd.negotiation(), option);

            // Then
            failureOf(future, NbdProtocolException.class);
            assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
        }
    }

    @Test
    void anOptionThatIsNotAnsweredTimesOut() {
        // Given
        TestServer server = serving(offering().faults("on SET_META_CONTEXT nth 1: silence"));
        NbdClient nbd = paused(server, NbdClient.builder().handshakeTimeout(Duration.ofSeconds(1)));

        // When
        NbdException failure = failureOf(nbd.negotiation().setMetaContexts(), NbdTimeoutException.class);

        // Then
        assertThat(failure).hasMessageContaining("the answer to SET_META_CONTEXT");
        assertThat(nbd.state()).isEqualTo(ConnectionState.DEAD);
    }

    @Test
    void aServerThatDiesWhileNothingIsOutstandingIsNoticed() {
        // Given
        TestServer server = serving(offering());
        NbdClient nbd = paused(server, NbdClient.builder());

        // When
        server.close();

        // Then
        awaitState(nbd, ConnectionState.CLOSED);
        assertThat(nbd.negotiation().status().structuredReplies()).isTrue();
    }

    private static NbdFuture<?> ask(Negotiation negotiation, String option) {
        return switch (option) {
            case "SET_META_CONTEXT" -> negotiation.setMetaContexts(DIRTY);
            case "LIST_META_CONTEXT" -> negotiation.listMetaContexts();
            case "EXTENDED_HEADERS" -> negotiation.extendedHeaders();
            case "STARTTLS" -> negotiation.startTls();
            case "INFO" -> negotiation.info();
            case "GO" -> negotiation.go();
            default -> throw new IllegalArgumentException(option);
        };
    }

    private static void awaitState(NbdClient nbd, ConnectionState state) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(1))
                .until(() -> nbd.state() == state);
    }
}
