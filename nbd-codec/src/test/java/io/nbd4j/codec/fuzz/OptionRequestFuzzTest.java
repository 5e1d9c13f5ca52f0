package io.nbd4j.codec.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.nbd4j.codec.golden.ClientHandshakeVectors;
import io.nbd4j.codec.golden.WireBytes;
import io.nbd4j.codec.handshake.OptionRequestDecoder;
import io.nbd4j.codec.verify.FuzzInput;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a client says during the handshake. The input: how it is cut; after how many messages the server leaves, 0 for
 * never; then the bytes.
 */
class OptionRequestFuzzTest {
    private static final byte[] CLIENT_FLAGS = WireBytes.parse("00000003");

    static Stream<byte[]> seeds() {
        return Stream.of(
                        Seeds.each(ClientHandshakeVectors.clientFlags(), 1, 0),
                        ClientHandshakeVectors.optionRequests().stream()
                                .map(vector -> FuzzInput.of(new int[] {1, 0}, CLIENT_FLAGS, vector.wire())),
                        Stream.of(FuzzInput.of(
                                new int[] {200, 9},
                                CLIENT_FLAGS,
                                Seeds.together(ClientHandshakeVectors.optionRequests()))))
                .flatMap(seeds -> seeds);
    }

    @MethodSource("seeds")
    @FuzzTest
    void optionRequests(byte[] input) {
        FuzzInput script = new FuzzInput(input);
        int cut = script.octet();
        int end = script.octet();
        HandshakeRun.check(script.rest(), cut, OptionRequestDecoder::new, (decoder, messages) -> {
            if (messages != end) {
                return false;
            }
            decoder.stop();
            return true;
        });
    }
}
