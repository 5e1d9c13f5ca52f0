package io.nbd4j.client.server;

import static io.nbd4j.client.contract.Outcomes.await;
import static io.nbd4j.client.contract.Outcomes.failureOf;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.BlockStatus;
import io.nbd4j.client.CommandRefusedException;
import io.nbd4j.client.Extent;
import io.nbd4j.client.ExtentWalk;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdClientBuilder;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdMultiDevice;
import io.nbd4j.client.NbdProtocolException;
import io.nbd4j.client.NbdRange;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.NbdTimeoutException;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.NbdError;
import io.nbd4j.testkit.MemoryExport;
import io.nbd4j.testkit.MetaContext;
import io.nbd4j.testkit.TestServer;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Block status, from a server that knows all of it, and goes wrong. The time limit only ends what hangs. */
@Timeout(120)
class BlockStatusIT {
    private static final String BASE = MetaContext.ALLOCATION;
    private static final String STRIPES = "x-test:stripes";
    private static final String WIDE = "x-test:wide";
    private static final long GIBI = 1L << 30;
    private static final long SIZE = 10 * GIBI;
    /** More of them than one answer has. */
    private static final int STRIPE_COUNT = 10_000;

    private static final MetaContext.Extent[] SOME_STRIPES = stripes();

    private static MetaContext.Extent[] stripes() {
        MetaContext.Extent[] extents = new MetaContext.Extent[STRIPE_COUNT];
        for (int i = 0; i < extents.length; i++) {
            extents[i] = new MetaContext.Extent(4096, 1 + i % 2);
        }
        return extents;
    }

    private static TestServer.Builder offering() {
        return TestServer.builder()
                .unixSocket()
                .recordTranscript()
                .metaContexts(
                        MetaContext.of(STRIPES, SOME_STRIPES),
                        MetaContext.of(WIDE, new MetaContext.Extent(7 * GIBI, 5)))
                .export("", MemoryExport.ofSize(SIZE));
    }

    private static NbdClient connect(TestServer server, NbdClientBuilder builder) {
        NbdClient nbd = builder.metaContexts(BASE, STRIPES, WIDE).build();
        await(nbd.connectUnix(server.socketPath()));
        return nbd;
    }

    private static List<Extent> walk(ExtentWalk walk) {
        List<Extent> extents = new ArrayList<>();
        for (List<Extent> some = await(walk.next()); !some.isEmpty(); some = await(walk.next())) {
            extents.addAll(some);
        }
        return extents;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void allIsToldWithAndWithoutExtendedHeaders(boolean extended) {
        try (TestServer server = offering().start();
                NbdClient nbd = connect(server, NbdClient.builder().extendedHeaders(extended))) {
            // Given
            await(nbd.pwrite(Unpooled.wrappedBuffer(new byte[] {1}), 8 * GIBI));

            // When
            BlockStatus status = await(nbd.blockStatus(SIZE - 8192, 4096));

            // Then
            assertThat(nbd.export().extendedHeaders()).isEqualTo(extended);
            assertThat(status.range()).isEqualTo(NbdRange.of(4096, SIZE - 8192));
            assertThat(status.extents(WIDE).get(0).offset()).isEqualTo(4096);
            assertThat(status.extents(STRIPES).get(0)).isEqualTo(new Extent(4096, 4096, 2));
            assertThat(status.coveredLength(STRIPES)).isLessThan(SIZE - 8192);
            if (extended) {
                assertThat(status.extents(WIDE))
                        .containsExactly(
                                new Extent(4096, 7 * GIBI - 4096, 5), new Extent(7 * GIBI, 3 * GIBI - 4096, 0));
            }
            assertThat(walk(nbd.extents(BASE))).anySatisfy(extent -> {
                assertThat(extent.isData()).isTrue();
                assertThat(extent.offset()).isLessThanOrEqualTo(8 * GIBI);
                assertThat(extent.end()).isGreaterThan(8 * GIBI);
            });
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aWalkFollowsShortAnswers(boolean extended) {
        try (TestServer server = offering().start();
                NbdClient nbd = connect(server, NbdClient.builder().extendedHeaders(extended))) {
            // When
            List<Extent> extents = walk(nbd.extents(STRIPES));
            List<Extent> wide = walk(nbd.extents(WIDE, NbdRange.of(GIBI, 8 * GIBI)));

            // Then
            assertThat(extents).hasSize(STRIPE_COUNT + 1);
            for (int i = 0; i < STRIPE_COUNT; i++) {
                assertThat(extents.get(i)).isEqualTo(new Extent(i * 4096L, 4096, 1 + i % 2));
            }
            assertThat(extents.get(STRIPE_COUNT).end()).isEqualTo(SIZE);
            assertThat(wide).containsExactly(new Extent(GIBI, 6 * GIBI, 5), new Extent(7 * GIBI, 2 * GIBI, 0));
            assertThat(server.transcript().requests(CommandType.BLOCK_STATUS))
                    .hasSizeGreaterThan(3)
                    .allSatisfy(request -> {
                        assertThat(request.extended()).isEqualTo(extended);
                        // One context of three is chosen where that can be said.
                        assertThat(request.payloadLength()).isEqualTo(extended ? 12 : 0);
                    });
        }
    }

    @Test
    void someOfTheContextsAreChosen() {
        try (TestServer server = offering().start();
                NbdClient nbd = connect(server, NbdClient.builder().extendedHeaders(true))) {
            // When // Then
            assertThat(await(nbd.blockStatus(SIZE, 0, List.of(WIDE, BASE))).extents())
                    .containsOnlyKeys(BASE, WIDE);
            assertThat(await(nbd.blockStatus(SIZE, 0, List.of(STRIPES, WIDE, BASE)))
                            .extents())
                    .containsOnlyKeys(BASE, STRIPES, WIDE);
            assertThat(await(nbd.blockStatus(NbdRange.of(SIZE - 1, 1), List.of(WIDE)))
                            .extents(WIDE))
                    .containsExactly(new Extent(SIZE - 1, 1, 0));
            failureOf(nbd.blockStatus(SIZE, 0, List.of("x-test:other")), InvalidRequestException.class);
            assertThat(server.transcript().requests(CommandType.BLOCK_STATUS)).hasSize(3);
        }
    }

    @Test
    void aServerThatRefusesIsQuoted() {
        try (TestServer server = offering()
                        .faults("on BLOCK_STATUS nth 1: refuse EIO 'no idea'")
                        .start();
                NbdClient nbd = connect(server, NbdClient.builder().extendedHeaders(true))) {
            // When
            CommandRefusedException failure = failureOf(nbd.blockStatus(SIZE, 0), CommandRefusedException.class);

            // Then
            assertThat(failure.errno()).isEqualTo(NbdError.EIO);
            assertThat(failure.serverMessage()).isEqualTo("no idea");
            assertThat(failure.command()).isEqualTo(CommandType.BLOCK_STATUS);
            assertThat(await(nbd.blockStatus(SIZE, 0)).extents()).hasSize(3);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"oversized length", "unknown chunk 0x7f", "wrong magic", "wrong cookie"})
    void anAnswerThatIsNoneEndsTheConnection(String fault) {
        for (boolean extended : List.of(true, false)) {
            try (TestServer server =
                            offering().faults("on BLOCK_STATUS nth 1: " + fault).start();
                    NbdClient nbd = connect(server, NbdClient.builder().extendedHeaders(extended))) {
                // When
                NbdFuture<BlockStatus> status = nbd.blockStatus(4096, 0);

                // Then
                failureOf(status, NbdProtocolException.class);
                assertThat(nbd.isDead()).isTrue();
            }
        }
    }

    @Test
    void aStatusThatIsNotAnsweredRunsOutOfTimeAlone() {
        try (TestServer server =
                        offering().faults("on BLOCK_STATUS nth 1: silence").start();
                NbdClient nbd = connect(server, NbdClient.builder().requestTimeout(Duration.ofMillis(200)))) {
            // When
            NbdFuture<List<Extent>> next = nbd.extents(WIDE).next();

            // Then
            failureOf(next, NbdTimeoutException.class);
            assertThat(await(nbd.blockStatus(4096, 0)).extents(WIDE)).containsExactly(new Extent(0, 4096, 5));
        }
    }

    @Test
    void aDeviceOfSeveralConnectionsIsAskedAsOne() {
        try (TestServer server = offering().start();
                NbdMultiDevice device = await(NbdClient.builder()
                        .extendedHeaders(true)
                        .metaContexts(BASE, STRIPES, WIDE)
                        .connectMulti(NbdTarget.unix(server.socketPath()), 3))) {
            // When // Then
            assertThat(await(device.blockStatus(NbdRange.of(0, SIZE))).extents(WIDE))
                    .containsExactly(new Extent(0, 7 * GIBI, 5), new Extent(7 * GIBI, 3 * GIBI, 0));
            assertThat(await(device.blockStatus(4096, 0, List.of(WIDE))).extents())
                    .containsOnlyKeys(WIDE);
            assertThat(walk(device.extents(STRIPES))).hasSize(STRIPE_COUNT + 1);
            assertThat(walk(device.extents(WIDE, NbdRange.of(0, 4096)))).containsExactly(new Extent(0, 4096, 5));
        }
    }

    @Test
    void aClientThatIsNotReadySaysSo() {
        try (NbdClient nbd = NbdClient.builder().build()) {
            assertThat(failureOf(nbd.blockStatus(4096, 0), InvalidRequestException.class))
                    .hasMessageContaining("no connection");
            assertThat(failureOf(nbd.extents(BASE).next(), InvalidRequestException.class))
                    .hasMessageContaining("no connection");
            assertThat(failureOf(nbd.preadChunks(4096, 0, chunk -> {}), InvalidRequestException.class))
                    .hasMessageContaining("no connection");
        }
    }
}
