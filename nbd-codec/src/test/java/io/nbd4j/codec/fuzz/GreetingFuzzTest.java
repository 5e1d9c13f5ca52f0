package io.nbd4j.codec.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.nbd4j.codec.golden.ServerHandshakeVectors;
import io.nbd4j.codec.handshake.HandshakeDecoder;
import io.nbd4j.codec.verify.FuzzInput;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/** What a server says first. The input: how it is cut, then the bytes. */
class GreetingFuzzTest {
    static Stream<byte[]> seeds() {
        return Seeds.each(ServerHandshakeVectors.greetings(), 1);
    }

    @MethodSource("seeds")
    @FuzzTest
    void greeting(byte[] input) {
        FuzzInput script = new FuzzInput(input);
        int cut = script.octet();
        HandshakeRun.check(script.rest(), cut, HandshakeDecoder::new, (decoder, messages) -> {
            decoder.stop();
            return true;
        });
    }
}
