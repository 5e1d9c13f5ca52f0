package io.nbd4j.client.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.nbd4j.client.NbdStatistics;
import io.nbd4j.codec.golden.GoldenVector;
import io.nbd4j.codec.golden.ServerHandshakeVectors;
import io.nbd4j.codec.golden.ServerTransmissionVectors;
import io.nbd4j.codec.golden.WireBytes;
import io.nbd4j.codec.handshake.Greeting;
import io.nbd4j.codec.verify.FuzzInput;
import io.nbd4j.codec.verify.HeapAllocation;
import java.io.IOException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.MethodSource;

/** The whole client, against any server. What an input means is told by {@link FuzzedClient}. */
class ClientFuzzTest {
    private static final long HEAP_PER_BYTE = 32 * 1024;

    private static final String FIRST_COOKIE = "0000000100000000";
    private static final String SECOND_COOKIE = "0000000100000001";
    private static final byte[] GREETING = WireBytes.parse("'NBDMAGIC' 'IHAVEOPT' 0003");
    private static final byte[] NO_STRUCTURED_REPLY = WireBytes.parse("0003e889045565a9 00000008 80000001 00000000");
    private static final byte[] NO_EXTENDED_HEADERS = WireBytes.parse("0003e889045565a9 0000000b 80000001 00000000");
    private static final byte[] EXTENDED_HEADERS_DONE = WireBytes.parse("0003e889045565a9 0000000b 00000001 00000000");
    /** One TiB, where contexts can be chosen. */
    private static final byte[] LARGE_EXPORT =
            WireBytes.parse("0003e889045565a9 00000007 00000003 0000000c 0000 0000010000000000 1ded");

    private static final byte[] GO_DONE = WireBytes.parse("0003e889045565a9 00000007 00000001 00000000");

    /** What all runs share: to shut an event loop down takes longer than most of them. */
    private record Surroundings(HandLoop loop, RawListener listener) {}

    private static @Nullable Surroundings surroundings;

    @BeforeAll
    static void open() throws IOException {
        surroundings = new Surroundings(new HandLoop(), new RawListener());
    }

    @AfterAll
    static void close() throws IOException {
        if (surroundings != null) {
            surroundings.loop().close();
            surroundings.listener().close();
        }
    }

    static Stream<byte[]> seeds() {
        return Stream.of(
                        ServerHandshakeVectors.greetings().stream()
                                .map(vector -> FuzzInput.of(new int[] {0, 1, 0, 0}, vector.wire())),
                        ServerHandshakeVectors.optionReplies().stream()
                                .map(vector -> FuzzInput.of(
                                        new int[] {FuzzedClient.STRUCTURED, 1, 0, 0}, GREETING, vector.wire())),
                        optionModeSeeds(),
                        contextSeeds(),
                        statusSeeds(),
                        chunkSeeds(),
                        transmissionSeeds(),
                        otherHandshakeSeeds(),
                        largeReadSeeds(),
                        splitSeeds())
                .flatMap(seeds -> seeds);
    }

    /** Handshakes as nbdkit and qemu-nbd made them, paused for options. */
    private static Stream<byte[]> optionModeSeeds() {
        int[] options = {
            FuzzedClient.OPTION_MODE | FuzzedClient.STRUCTURED | FuzzedClient.INFORMED,
            0,
            2,
            1,
            FuzzedCalls.LIST,
            0,
            0,
            FuzzedCalls.GO | FuzzedCalls.CHAIN,
            0,
            0
        };
        return Stream.of(
                FuzzInput.of(
                        options,
                        GREETING,
                        option("ACK to STRUCTURED_REPLY"),
                        option("SERVER with an empty name"),
                        option("SERVER with a name"),
                        WireBytes.parse("0003e889045565a9 00000003 00000001 00000000"),
                        option("INFO_EXPORT in answer to GO"),
                        option("INFO_DESCRIPTION"),
                        option("INFO_BLOCK_SIZE, qemu"),
                        GO_DONE),
                FuzzInput.of(options, GREETING, NO_STRUCTURED_REPLY, option("ERR_UNKNOWN to GO")));
    }

    /** Meta contexts, without option mode and in it, with the answers of nbdkit. */
    private static Stream<byte[]> contextSeeds() {
        byte[] selected = WireBytes.concat(
                option("META_CONTEXT, set"),
                option("META_CONTEXT with the highest id"),
                WireBytes.parse("0003e889045565a9 0000000a 00000001 00000000"));
        byte[] listed = WireBytes.concat(
                option("META_CONTEXT, listed"), WireBytes.parse("0003e889045565a9 00000009 00000001 00000000"));
        byte[] going = WireBytes.concat(option("INFO_EXPORT in answer to GO"), GO_DONE);
        int both = FuzzedClient.STRUCTURED | FuzzedClient.EXTENDED;
        int[] byHand = {
            both | FuzzedClient.OPTION_MODE,
            0,
            4,
            1,
            FuzzedCalls.CHAIN | FuzzedCalls.STRUCTURED_REPLIES,
            0,
            0,
            FuzzedCalls.CHAIN | FuzzedCalls.LIST_CONTEXTS,
            0,
            0,
            FuzzedCalls.CHAIN | FuzzedCalls.SET_OTHER_CONTEXTS,
            0,
            0,
            FuzzedCalls.CHAIN | FuzzedCalls.GO_AS_IT_IS,
            0,
            0
        };
        return Stream.of(
                FuzzInput.of(new int[] {both, 1, 0, 0}, GREETING, EXTENDED_HEADERS_DONE, selected, going),
                FuzzInput.of(
                        new int[] {both, 1, 0, 0},
                        GREETING,
                        NO_EXTENDED_HEADERS,
                        option("ACK to STRUCTURED_REPLY"),
                        selected,
                        going),
                FuzzInput.of(
                        byHand,
                        GREETING,
                        EXTENDED_HEADERS_DONE,
                        WireBytes.parse("0003e889045565a9 00000008 8000000a 00000000"),
                        listed,
                        selected,
                        going));
    }

    /** The status of blocks in two contexts, with and without extended headers. */
    private static Stream<byte[]> statusSeeds() {
        byte[] extended = WireBytes.concat(GREETING, EXTENDED_HEADERS_DONE, contextsAndGo(LARGE_EXPORT));
        byte[] compact = WireBytes.concat(
                GREETING, NO_EXTENDED_HEADERS, option("ACK to STRUCTURED_REPLY"), contextsAndGo(LARGE_EXPORT));
        byte[] extendedAnswer =
                WireBytes.parse("6e8a278c 0000 0006" + FIRST_COOKIE + "0000000000000000 0000000000000028"
                        + "00000001 00000002 0000000000000200 0000000000000000 0000000000001000 0000000000000003"
                        + "6e8a278c 0001 0006" + FIRST_COOKIE + "0000000000000000 0000000000000018"
                        + "ffffffff 00000001 0000000000000200 0000000000000005");
        byte[] compactAnswer =
                WireBytes.parse("668e33ef 0000 0005" + FIRST_COOKIE + "00000014 00000001 00000200 00000003 00001000 0"
                        + "0000000 668e33ef 0001 0005" + FIRST_COOKIE + "0000000c ffffffff 00000200 00000005");
        return IntStream.of(
                        FuzzedCalls.STATUS,
                        FuzzedCalls.STATUS | FuzzedCalls.FLAG,
                        FuzzedCalls.STATUS_OF_ONE,
                        FuzzedCalls.LONG_STATUS,
                        FuzzedCalls.WALK)
                .boxed()
                .flatMap(call -> {
                    int[] calls = {
                        FuzzedClient.STRUCTURED | FuzzedClient.EXTENDED,
                        200,
                        2,
                        1,
                        call,
                        0,
                        140,
                        FuzzedCalls.FLUSH,
                        0,
                        0
                    };
                    return Stream.of(
                            FuzzInput.of(calls, extended, extendedAnswer), FuzzInput.of(calls, compact, compactAnswer));
                });
    }

    /** Reads whose chunks are handed out, and what is for extended headers only. */
    private static Stream<byte[]> chunkSeeds() {
        byte[] structured = WireBytes.concat(
                GREETING, option("ACK to STRUCTURED_REPLY"), option("INFO_EXPORT in answer to GO"), GO_DONE);
        byte[] extended =
                WireBytes.concat(GREETING, EXTENDED_HEADERS_DONE, contextsAndGo(option("INFO_EXPORT in answer to GO")));
        int both = FuzzedClient.STRUCTURED | FuzzedClient.EXTENDED;
        return IntStream.of(FuzzedCalls.READ_CHUNKS, FuzzedCalls.READ_CHUNKS_BADLY, FuzzedCalls.STATUS)
                .boxed()
                .flatMap(call -> Stream.concat(
                        ServerTransmissionVectors.replies().stream()
                                .map(reply -> answered(FuzzedClient.STRUCTURED, structured, reply, call)),
                        ServerTransmissionVectors.extendedReplies().stream()
                                .map(reply -> answered(both, extended, reply, call))));
    }

    private static byte[] contextsAndGo(byte[] export) {
        return WireBytes.concat(
                option("META_CONTEXT, set"),
                option("META_CONTEXT with the highest id"),
                WireBytes.parse("0003e889045565a9 0000000a 00000001 00000000"),
                export,
                GO_DONE);
    }

    /** Two calls that are made at once, and each of the golden replies in answer to them. */
    private static Stream<byte[]> transmissionSeeds() {
        byte[] structured = WireBytes.concat(
                GREETING, option("ACK to STRUCTURED_REPLY"), option("INFO_EXPORT in answer to GO"), GO_DONE);
        byte[] simple = WireBytes.concat(GREETING, NO_STRUCTURED_REPLY, option("INFO_EXPORT in answer to GO"), GO_DONE);
        return IntStream.of(
                        0, FuzzedClient.DEAF, FuzzedClient.TIME_PASSES, FuzzedClient.CLOSES | FuzzedClient.FEW_AT_ONCE)
                .boxed()
                .flatMap(bits -> Stream.concat(
                        ServerTransmissionVectors.replies().stream()
                                .map(reply ->
                                        answered(bits | FuzzedClient.STRUCTURED, structured, reply, FuzzedCalls.READ)),
                        ServerTransmissionVectors.replies().stream()
                                .map(reply ->
                                        answered(bits | FuzzedClient.STRUCTURED, simple, reply, FuzzedCalls.READ))));
    }

    /** Servers that negotiate little or nothing. */
    private static Stream<byte[]> otherHandshakeSeeds() {
        int[] calls = {0, 5, 2, 1, FuzzedCalls.READ, 0, 5, FuzzedCalls.FLUSH, 0, 0};
        byte[] replies = WireBytes.parse("67446698 00000000" + FIRST_COOKIE + "'hello'");
        return Stream.concat(
                ServerHandshakeVectors.greetings().stream()
                        .filter(vector -> vector.message().kind() == Greeting.Kind.OLDSTYLE)
                        .map(vector -> FuzzInput.of(calls, vector.wire(), replies)),
                ServerHandshakeVectors.exportNameRepliesWithZeroes().stream()
                        .map(vector -> FuzzInput.of(
                                calls, WireBytes.parse("'NBDMAGIC' 'IHAVEOPT' 0000"), vector.wire(), replies)));
    }

    /** A read whose payload is received in its destination. */
    private static Stream<byte[]> largeReadSeeds() {
        byte[] handshake = WireBytes.concat(
                GREETING, option("ACK to STRUCTURED_REPLY"), option("INFO_EXPORT in answer to GO"), GO_DONE);
        byte[] data = WireBytes.parse("668e33ef 0000 0001" + FIRST_COOKIE + "00001390 0000000000000000 'ab' 61*4998 ");
        byte[] hole = WireBytes.parse("668e33ef 0001 0002" + FIRST_COOKIE + "0000000c 0000000000001388 00022c78");
        return IntStream.of(FuzzedCalls.READ, FuzzedCalls.READ_INTO, FuzzedCalls.READ | FuzzedCalls.CHAIN)
                .boxed()
                .flatMap(read -> IntStream.of(FuzzedCalls.FLUSH, FuzzedCalls.CANCEL)
                        .mapToObj(then -> FuzzInput.of(
                                new int[] {FuzzedClient.STRUCTURED, 100, 2, 1, read, 0, 208, then, 0, 0},
                                handshake,
                                data,
                                hole)));
    }

    /** Requests of 16 KiB, to a server that takes 4 KiB at once. */
    private static Stream<byte[]> splitSeeds() {
        byte[] handshake = WireBytes.concat(
                GREETING,
                NO_STRUCTURED_REPLY,
                option("INFO_EXPORT in answer to GO"),
                WireBytes.parse("0003e889045565a9 00000007 00000003 0000000e 0003 00000001 00001000 00001000"),
                GO_DONE);
        byte[] answers = WireBytes.concat(IntStream.of(1, 0, 3, 2)
                .mapToObj(slot -> WireBytes.parse("67446698 00000000 00000001 0000000" + slot))
                .toArray(byte[][]::new));
        return IntStream.of(FuzzedCalls.WRITE, FuzzedCalls.WRITE_NIO, FuzzedCalls.CACHE, FuzzedCalls.READ_INTO)
                .boxed()
                .flatMap(call -> IntStream.of(0, FuzzedClient.FEW_AT_ONCE)
                        .mapToObj(bits -> FuzzInput.of(
                                new int[] {
                                    bits | FuzzedClient.STRUCTURED | FuzzedClient.INFORMED,
                                    20,
                                    2,
                                    1,
                                    call,
                                    0,
                                    200,
                                    FuzzedCalls.CANCEL,
                                    0,
                                    0
                                },
                                handshake,
                                answers)));
    }

    private static byte[] answered(int bits, byte[] handshake, GoldenVector<List<String>> reply, int call) {
        String hex = HexFormat.of().formatHex(reply.wire());
        byte[] first = WireBytes.parse(hex.replace("0000000000000077", FIRST_COOKIE));
        byte[] second = WireBytes.parse("67446698 00000000" + SECOND_COOKIE);
        int[] calls = {bits, 200, 3, 2, call, 8, 5, FuzzedCalls.FLUSH, 0, 0, FuzzedCalls.WRITE, 0, 210};
        return FuzzInput.of(calls, handshake, first, second);
    }

    private static byte[] option(String name) {
        return ServerHandshakeVectors.optionReplies().stream()
                .filter(vector -> vector.name().startsWith(name))
                .findFirst()
                .orElseThrow()
                .wire();
    }

    @Test
    void seedsReachChunksAndBlockStatus() {
        assertThat(statusSeeds().map(ClientFuzzTest::live).toList())
                .filteredOn(client -> client.calls().statuses() > 0)
                .hasSize(7);
        assertThat(chunkSeeds().map(ClientFuzzTest::live).toList())
                .filteredOn(client -> client.calls().chunks() > 0)
                .hasSizeGreaterThanOrEqualTo(10);
    }

    @Test
    void seedsReachDirectReadsAndSplitRequests() {
        List<NbdStatistics> counted = seeds().map(ClientFuzzTest::run).toList();
        assertThat(counted)
                .anySatisfy(statistics ->
                        assertThat(statistics.bytesReceivedDirect()).isPositive());
        assertThat(counted)
                .anySatisfy(
                        statistics -> assertThat(statistics.repliesReceived()).isGreaterThanOrEqualTo(4));
    }

    private static NbdStatistics run(byte[] input) {
        return prepare(input).run();
    }

    private static FuzzedClient live(byte[] input) {
        FuzzedClient client = prepare(input);
        client.run();
        return client;
    }

    private static FuzzedClient prepare(byte[] input) {
        Surroundings shared = surroundings;
        if (shared == null) {
            throw new IllegalStateException("there is no event loop");
        }
        return new FuzzedClient(shared.loop(), shared.listener(), input);
    }

    @MethodSource("seeds")
    @FuzzTest
    void client(byte[] input) {
        HeapAllocation.requireAtMost(input.length, HEAP_PER_BYTE, () -> run(input));
    }
}
