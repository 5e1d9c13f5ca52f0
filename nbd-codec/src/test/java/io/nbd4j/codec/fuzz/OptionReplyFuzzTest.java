package io.nbd4j.codec.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.nbd4j.codec.golden.ServerHandshakeVectors;
import io.nbd4j.codec.golden.WireBytes;
import io.nbd4j.codec.handshake.HandshakeDecoder;
import io.nbd4j.codec.verify.FuzzInput;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a server says after its greeting.
 *
 * <p>The input: how it is cut; after how many replies the client leaves, or waits for the answer to EXPORT_NAME (from 128
 * on), whose padding depends on the lowest bit; then the bytes.
 */
class OptionReplyFuzzTest {
    private static final byte[] GREETING = WireBytes.parse("'NBDMAGIC' 'IHAVEOPT' 0003");
    private static final int NEVER = 127;
    private static final int EXPORT_NAME = 128;

    static Stream<byte[]> seeds() {
        return Stream.of(
                        Seeds.each(ServerHandshakeVectors.optionReplies(), 1, NEVER),
                        Seeds.each(ServerHandshakeVectors.exportNameRepliesWithZeroes(), 1, EXPORT_NAME | 1),
                        Seeds.each(ServerHandshakeVectors.exportNameRepliesWithoutZeroes(), 1, EXPORT_NAME),
                        Stream.of(
                                Seeds.together(ServerHandshakeVectors.optionReplies(), 200, NEVER),
                                Seeds.together(ServerHandshakeVectors.optionReplies(), 7, 5)))
                .flatMap(seeds -> seeds);
    }

    @MethodSource("seeds")
    @FuzzTest
    void optionReplies(byte[] input) {
        FuzzInput script = new FuzzInput(input);
        int cut = script.octet();
        int end = script.octet();
        HandshakeRun.check(
                WireBytes.concat(GREETING, script.rest()),
                cut,
                HandshakeDecoder::new,
                (decoder, messages) -> isOver(decoder, messages, end));
    }

    /** The greeting is the first of the messages. */
    private static boolean isOver(HandshakeDecoder decoder, int messages, int end) {
        if (end >= EXPORT_NAME) {
            int replies = (end - EXPORT_NAME) / 2;
            if (messages == replies + 1) {
                decoder.expectExportNameReply(end % 2 == 1);
            }
            return messages == replies + 2;
        }
        if (messages == end + 1 && end != NEVER) {
            decoder.stop();
            return true;
        }
        return false;
    }
}
