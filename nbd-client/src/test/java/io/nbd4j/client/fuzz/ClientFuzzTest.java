package io.nbd4j.client.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.nbd4j.codec.golden.GoldenVector;
import io.nbd4j.codec.golden.ServerHandshakeVectors;
import io.nbd4j.codec.golden.ServerTransmissionVectors;
import io.nbd4j.codec.golden.WireBytes;
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
import org.junit.jupiter.params.provider.MethodSource;

/** The whole client, against any server. What an input means is told by {@link FuzzedClient}. */
class ClientFuzzTest {
    private static final long HEAP_PER_BYTE = 32 * 1024;

    private static final String FIRST_COOKIE = "0000000100000000";
    private static final String SECOND_COOKIE = "0000000100000001";
    private static final byte[] GREETING = WireBytes.parse("'NBDMAGIC' 'IHAVEOPT' 0003");
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
                        transmissionSeeds())
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
                FuzzInput.of(options, GREETING, option("ERR_UNSUP without text"), option("ERR_UNKNOWN to GO")));
    }

    /** Two calls that are made at once, and each of the golden replies in answer to them. */
    private static Stream<byte[]> transmissionSeeds() {
        byte[] structured = WireBytes.concat(
                GREETING, option("ACK to STRUCTURED_REPLY"), option("INFO_EXPORT in answer to GO"), GO_DONE);
        byte[] simple = WireBytes.concat(
                GREETING, option("ERR_UNSUP without text"), option("INFO_EXPORT in answer to GO"), GO_DONE);
        return IntStream.of(
                        0, FuzzedClient.DEAF, FuzzedClient.TIME_PASSES, FuzzedClient.CLOSES | FuzzedClient.FEW_AT_ONCE)
                .boxed()
                .flatMap(bits -> Stream.concat(
                        ServerTransmissionVectors.replies().stream()
                                .map(reply -> answered(bits | FuzzedClient.STRUCTURED, structured, reply)),
                        ServerTransmissionVectors.replies().stream().map(reply -> answered(bits, simple, reply))));
    }

    private static byte[] answered(int bits, byte[] handshake, GoldenVector<List<String>> reply) {
        String hex = HexFormat.of().formatHex(reply.wire());
        byte[] first = WireBytes.parse(hex.replace("0000000000000077", FIRST_COOKIE));
        byte[] second = WireBytes.parse("67446698 00000000" + SECOND_COOKIE);
        int[] calls = {bits, 200, 3, 2, FuzzedCalls.READ, 8, 5, FuzzedCalls.FLUSH, 0, 0, FuzzedCalls.WRITE, 0, 210};
        return FuzzInput.of(calls, handshake, first, second);
    }

    private static byte[] option(String name) {
        return ServerHandshakeVectors.optionReplies().stream()
                .filter(vector -> vector.name().startsWith(name))
                .findFirst()
                .orElseThrow()
                .wire();
    }

    @MethodSource("seeds")
    @FuzzTest
    void client(byte[] input) {
        Surroundings shared = surroundings;
        if (shared == null) {
            throw new IllegalStateException("there is no event loop");
        }
        HeapAllocation.requireAtMost(
                input.length, HEAP_PER_BYTE, () -> new FuzzedClient(shared.loop(), shared.listener(), input).run());
    }
}
