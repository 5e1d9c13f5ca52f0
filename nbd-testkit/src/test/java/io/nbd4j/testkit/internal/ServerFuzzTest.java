package io.nbd4j.testkit.internal;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.golden.ClientHandshakeVectors;
import io.nbd4j.codec.golden.ClientTransmissionVectors;
import io.nbd4j.codec.golden.GoldenVector;
import io.nbd4j.codec.golden.WireBytes;
import io.nbd4j.codec.verify.FuzzInput;
import io.nbd4j.codec.verify.HeapAllocation;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/** The server, against any client. What an input means is told by {@link FuzzedServer}. */
class ServerFuzzTest {
    private static final long HEAP_PER_BYTE = 16 * 1024;

    private static final byte[] FLAGS = WireBytes.parse("00000003");
    private static final byte[] STRUCTURED_REPLY = WireBytes.parse("'IHAVEOPT' 00000008 00000000");
    private static final byte[] GO = WireBytes.parse("'IHAVEOPT' 00000007 00000008 00000000 0001 0003");
    private static final byte[] EXTENDED_HEADERS = WireBytes.parse("'IHAVEOPT' 0000000b 00000000");
    private static final byte[] SET_META_CONTEXT = WireBytes.parse(
            "'IHAVEOPT' 0000000a 0000002d 00000000 00000003 0000000f 'base:allocation' 00000003 'x-a' 00000007 'x:short'");
    private static final byte[] STATUS =
            WireBytes.parse("21e41c71 0000 0007 00000000000000c2 0000000000000000 0000000000096200");
    private static final byte[] FILTERED_STATUS = WireBytes.parse("21e41c71 0020 0007 00000000000000c3 0000000000000000"
            + " 0000000000000010 0000000000000400 00000001 00000002");
    private static final byte[] PAYLOAD = WireBytes.parse("'hello'");

    static Stream<byte[]> seeds() {
        byte[] options = all(ClientHandshakeVectors.optionRequests());
        Stream<byte[]> anywhere = Stream.of(
                        ClientHandshakeVectors.clientFlags().stream()
                                .map(vector -> input(1, 0, vector.wire(), options)),
                        ClientHandshakeVectors.optionRequests().stream()
                                .map(vector -> input(1, 0, FLAGS, STRUCTURED_REPLY, vector.wire())),
                        ClientTransmissionVectors.requests().stream()
                                .map(vector -> input(1, 0, FLAGS, STRUCTURED_REPLY, GO, request(vector))),
                        IntStream.of(0, 3, 21)
                                .mapToObj(units -> input(200, units, FLAGS, STRUCTURED_REPLY, GO, longReads())),
                        IntStream.of(0, 3, 21).mapToObj(units -> input(0, units, FLAGS, GO, longReads())))
                .flatMap(inputs -> inputs)
                .flatMap(ServerFuzzTest::onDifferentServers);
        return Stream.of(anywhere, extendedRequests(), oldstyle()).flatMap(inputs -> inputs);
    }

    private static byte[] input(int cut, int units, byte[]... wire) {
        return FuzzInput.of(new int[] {0, 0, cut, units}, wire);
    }

    /** Which servers the seeds are for: the bits of {@link FuzzedServer}, in two octets. */
    private static final int[][] SERVERS = {
        {FuzzedServer.STRUCTURED | FuzzedServer.HALF_CLOSE, FuzzedServer.TLS},
        {
            FuzzedServer.STRUCTURED | FuzzedServer.HOLES | FuzzedServer.BLOCKS_OF_512 | FuzzedServer.FULL,
            FuzzedServer.EXTENDED | FuzzedServer.CONTEXTS
        },
        {FuzzedServer.PATTERN | FuzzedServer.READ_ONLY | FuzzedServer.HALF_CLOSE, FuzzedServer.NEWSTYLE}
    };

    private static Stream<byte[]> onDifferentServers(byte[] input) {
        return Stream.of(SERVERS).map(bits -> on(bits[0], bits[1], input));
    }

    private static byte[] on(int bits, int protocol, byte[] input) {
        byte[] copy = input.clone();
        copy[0] = (byte) bits;
        copy[1] = (byte) protocol;
        return copy;
    }

    /** Returns the golden requests with extended headers, behind the handshake that they need. */
    private static Stream<byte[]> extendedRequests() {
        return ClientTransmissionVectors.extendedRequests().stream().flatMap(vector -> {
            boolean hasPayload = (vector.message().flags() & CommandFlag.PAYLOAD_LEN.bit()) != 0;
            byte[] payload = !hasPayload
                    ? new byte[0]
                    : vector.message().type() == CommandType.BLOCK_STATUS
                            ? ClientTransmissionVectors.statusFilter().wire()
                            : PAYLOAD;
            byte[] alone = input(1, 0, FLAGS, EXTENDED_HEADERS, SET_META_CONTEXT, GO, vector.wire(), payload);
            byte[] followed = WireBytes.concat(alone, STATUS, FILTERED_STATUS);
            followed[2] = (byte) 200;
            followed[3] = 1;
            return Stream.of(alone, followed)
                    .map(input -> on(
                            FuzzedServer.STRUCTURED | FuzzedServer.HOLES | FuzzedServer.HALF_CLOSE,
                            FuzzedServer.EXTENDED | FuzzedServer.CONTEXTS,
                            input));
        });
    }

    /** Returns requests without a handshake. */
    private static Stream<byte[]> oldstyle() {
        return Stream.of(on(0, FuzzedServer.OLDSTYLE, input(7, 1, longReads())));
    }

    private static byte[] all(List<? extends GoldenVector<?>> vectors) {
        return WireBytes.concat(vectors.stream().map(GoldenVector::wire).toArray(byte[][]::new));
    }

    private static byte[] request(GoldenVector<ClientTransmissionVectors.CompactRequest> vector) {
        boolean hasPayload = vector.message().flags() == 1; // the write
        return WireBytes.concat(vector.wire(), hasPayload ? PAYLOAD : new byte[0]);
    }

    /** Returns a write, reads of 512 KiB that pile up, and a request to disconnect. */
    private static byte[] longReads() {
        List<byte[]> requests = new ArrayList<>();
        requests.add(WireBytes.parse("25609513 0000 0001 0000000000000001 0000000000008000 00000005 'hello'"));
        for (int i = 0; i < 8; i++) {
            requests.add(WireBytes.parse("25609513 0000 0000 00000000000000c1 0000000000000200 00080000"));
        }
        requests.add(WireBytes.parse("25609513 0000 0002 0000000000000000 0000000000000000 00000000"));
        return WireBytes.concat(requests.toArray(byte[][]::new));
    }

    @MethodSource("seeds")
    @FuzzTest
    void server(byte[] input) {
        HeapAllocation.requireAtMost(
                input.length, HEAP_PER_BYTE, () -> LoggedLines.requireNone(() -> new FuzzedServer(input).run()));
    }
}
