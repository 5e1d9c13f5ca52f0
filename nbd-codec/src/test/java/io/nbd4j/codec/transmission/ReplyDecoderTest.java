package io.nbd4j.codec.transmission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.nbd4j.codec.ProtocolViolationException;
import io.nbd4j.codec.golden.GoldenVector;
import io.nbd4j.codec.golden.ServerTransmissionVectors;
import io.nbd4j.codec.golden.WireBytes;
import io.nbd4j.codec.verify.DecoderVerifier;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReplyDecoderTest {
    private static final String NONE = "668e33ef 0001 0000 0000000000000033 00000000";
    private static final String NONE_HEARD = "done 33";
    private static final String EXTENDED_NONE = "6e8a278c 0001 0000 0000000000000033 0000000000000200 0000000000000000";
    private static final List<String> EXTENDED_NONE_HEARD = List.of("extended 33 200", "done 33");

    private final Recorder recorder = new Recorder();
    private final ReplyDecoder decoder = new ReplyDecoder(TransmissionMode.STRUCTURED, recorder);

    static Stream<GoldenVector<List<String>>> replies() {
        return ServerTransmissionVectors.replies().stream();
    }

    static Stream<GoldenVector<List<String>>> errorsWithABrokenMessage() {
        return ServerTransmissionVectors.errorsWithABrokenMessage().stream();
    }

    @ParameterizedTest
    @MethodSource("replies")
    void readsAReplyUnderEverySplitAndStaysInStep(GoldenVector<List<String>> vector) {
        assertHeardUnderEverySplit(vector);
    }

    @ParameterizedTest
    @MethodSource("errorsWithABrokenMessage")
    void keepsAnErrorWhoseMessageIsBrokenAndStaysInStep(GoldenVector<List<String>> vector) {
        assertHeardUnderEverySplit(vector);
    }

    private static void assertHeardUnderEverySplit(GoldenVector<List<String>> vector) {
        // Given
        byte[] wire = WireBytes.concat(vector.wire(), WireBytes.parse(NONE), vector.wire());
        List<String> expected = new ArrayList<>(vector.message());
        expected.add(NONE_HEARD);
        expected.addAll(vector.message());

        // When // Then
        DecoderVerifier.<String>verify(wire, sink -> decoder(TransmissionMode.STRUCTURED, sink), expected);
    }

    static Stream<GoldenVector<List<String>>> extendedReplies() {
        return ServerTransmissionVectors.extendedReplies().stream();
    }

    @ParameterizedTest
    @MethodSource("extendedReplies")
    void readsAnExtendedReplyUnderEverySplitAndStaysInStep(GoldenVector<List<String>> vector) {
        // Given
        byte[] wire = WireBytes.concat(vector.wire(), WireBytes.parse(EXTENDED_NONE), vector.wire());
        List<String> expected = new ArrayList<>(vector.message());
        expected.addAll(EXTENDED_NONE_HEARD);
        expected.addAll(vector.message());

        // When // Then
        DecoderVerifier.<String>verify(wire, sink -> decoder(TransmissionMode.EXTENDED, sink), expected);
    }

    @Test
    void takesTheLargestExtendedBlockStatus() {
        // Given
        ReplyDecoder extended = new ReplyDecoder(TransmissionMode.EXTENDED, recorder);

        // When
        extended.decode(buffer("6e8a278c 0001 0006 0000000000000077 0000000000000000 0000000001000008"
                + "00000001 00100000 0000000000000001 0000000000000000"));

        // Then
        assertThat(recorder.heard).containsExactly("extended 77 0", "status 77 1", "extent 1 0");
        assertThat(extended.isBetweenReplies()).isFalse();
    }

    @Test
    void readsAllRepliesInARowUnderEverySplit() {
        // Given
        byte[] wire = new byte[0];
        List<String> expected = new ArrayList<>();
        for (GoldenVector<List<String>> vector : ServerTransmissionVectors.replies()) {
            wire = WireBytes.concat(wire, vector.wire());
            expected.addAll(vector.message());
        }

        // When // Then
        DecoderVerifier.<String>verify(wire, sink -> decoder(TransmissionMode.STRUCTURED, sink), expected);
    }

    @Test
    void readsSimpleRepliesWithoutStructuredReplies() {
        // Given
        Recorder plain = new Recorder();

        // When
        new ReplyDecoder(TransmissionMode.SIMPLE, plain).decode(buffer("67446698 00000000 0000000000000077 'hello'"));

        // Then
        assertThat(plain.heard).containsExactly("simple 77 0", "payload hello");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
                    a magic of nothing                     | deadbeef 00000000 0000000000000001
                    a request                              | 25609513 0000 0000 00000000000000a1 0000000000001000 00000200
                    an extended reply                      | 6e8a278c 0001 0000 0000000000000077 0000000000000000 0000000000000000
                    T133: DATA without room for the offset | 668e33ef 0001 0001 0000000000000077 00000007
                    T132: DATA without data                | 668e33ef 0001 0001 0000000000000077 00000008
                    DATA of nothing                        | 668e33ef 0001 0001 0000000000000077 00000000
                    a HOLE that is too short               | 668e33ef 0001 0002 0000000000000077 0000000b
                    a HOLE that is too long                | 668e33ef 0001 0002 0000000000000077 0000000d
                    T131: a HOLE of no bytes               | 668e33ef 0001 0002 0000000000000077 0000000c 0000000000001000 00000000
                    BLOCK_STATUS without an extent         | 668e33ef 0001 0005 0000000000000077 00000004
                    BLOCK_STATUS with half an extent       | 668e33ef 0001 0005 0000000000000077 00000010
                    BLOCK_STATUS of more than a million    | 668e33ef 0001 0005 0000000000000077 0080000c
                    an extent of no bytes                  | 668e33ef 0001 0005 0000000000000077 0000000c 00000001 00000000 00000000
                    BLOCK_STATUS_EXT                       | 668e33ef 0001 0006 0000000000000077 00000018
                    T143: ERROR without room for its head  | 668e33ef 0001 8001 0000000000000077 00000005
                    ERROR that is too long                 | 668e33ef 0001 8001 0000000000000077 00010001
                    ERROR of 4 GiB                         | 668e33ef 0001 8001 0000000000000077 ffffffff
                    ERROR_OFFSET without room for it       | 668e33ef 0001 8002 0000000000000077 0000000d
                    an unknown error chunk of 5 bytes      | 668e33ef 0001 ffff 0000000000000077 00000005
                    T145: a chunk that does not exist      | 668e33ef 0001 0007 0000000000000077 00000000
                    a chunk that does not exist either     | 668e33ef 0001 7fff 0000000000000077 00000008
                    T146: NONE with a payload              | 668e33ef 0001 0000 0000000000000077 00000004
                    T147: NONE that is not the last        | 668e33ef 0000 0000 0000000000000077 00000000
                    """)
    void refusesBrokenFramingAndDiscardsTheRest(String name, String hex) {
        assertRefused(TransmissionMode.STRUCTURED, NONE, List.of(NONE_HEARD), hex);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
                    a simple reply                         | 67446698 00000000 0000000000000001
                    a structured chunk                     | 668e33ef 0001 0000 0000000000000077
                    a magic of nothing                     | deadbeef 00000000 0000000000000001
                    an extended request                    | 21e41c71 0000 0000 0000000000000077
                    NONE of 2^63 bytes                     | 6e8a278c 0001 0000 0000000000000077 0000000000000000 8000000000000000
                    DATA without data                      | 6e8a278c 0001 0001 0000000000000077 0000000000000000 0000000000000008
                    DATA of 2^32 bytes                     | 6e8a278c 0001 0001 0000000000000077 0000000000000000 0000000100000000
                    DATA of 2^64-1 bytes                   | 6e8a278c 0001 0001 0000000000000077 0000000000000000 ffffffffffffffff
                    a HOLE with a length of 64 bits        | 6e8a278c 0001 0002 0000000000000077 0000000000000000 0000000000000010
                    a HOLE of no bytes                     | 6e8a278c 0001 0002 0000000000000077 0000000000000000 000000000000000c 0000000000001000 00000000
                    BLOCK_STATUS                           | 6e8a278c 0001 0005 0000000000000077 0000000000000000 000000000000000c
                    BLOCK_STATUS_EXT without an extent     | 6e8a278c 0001 0006 0000000000000077 0000000000000000 0000000000000008
                    BLOCK_STATUS_EXT with half an extent   | 6e8a278c 0001 0006 0000000000000077 0000000000000000 0000000000000020
                    BLOCK_STATUS_EXT of more than a million| 6e8a278c 0001 0006 0000000000000077 0000000000000000 0000000001000018
                    BLOCK_STATUS_EXT of 2^63+24 bytes      | 6e8a278c 0001 0006 0000000000000077 0000000000000000 8000000000000018
                    BLOCK_STATUS_EXT with a wrong count    | 6e8a278c 0001 0006 0000000000000077 0000000000000000 0000000000000018 00000001 00000002
                    an extent of no bytes                  | 6e8a278c 0001 0006 0000000000000077 0000000000000000 0000000000000018 00000001 00000001 0000000000000000 0000000000000000
                    ERROR that is too long                 | 6e8a278c 0001 8001 0000000000000077 0000000000000000 0000000000010001
                    ERROR of 2^64-1 bytes                  | 6e8a278c 0001 8001 0000000000000077 0000000000000000 ffffffffffffffff
                    a chunk that does not exist            | 6e8a278c 0001 0007 0000000000000077 0000000000000000 0000000000000000
                    NONE that is not the last              | 6e8a278c 0000 0000 0000000000000077 0000000000000000 0000000000000000
                    """)
    void refusesBrokenExtendedFramingAndDiscardsTheRest(String name, String hex) {
        assertRefused(TransmissionMode.EXTENDED, EXTENDED_NONE, EXTENDED_NONE_HEARD, hex);
    }

    private static void assertRefused(TransmissionMode mode, String good, List<String> goodHeard, String hex) {
        // Given
        byte[] broken = WireBytes.parse(hex);
        List<String> heardFromTheBroken = heardOf(mode, broken);

        for (int step = 1; step <= broken.length; step++) {
            // When
            Recorder split = new Recorder();
            ReplyDecoder decoding = new ReplyDecoder(mode, split);
            byte[] wire = WireBytes.concat(WireBytes.parse(good), broken);
            boolean violated = false;
            for (ByteBuf piece : DecoderVerifier.pieces(wire, step)) {
                try {
                    decoding.decode(piece);
                } catch (ProtocolViolationException e) {
                    assertThat(violated).as("is told once").isFalse();
                    violated = true;
                }
                assertThat(piece.isReadable()).as("bytes left").isFalse();
                piece.release();
            }
            ByteBuf behind = buffer(good + "01");
            decoding.decode(behind);

            // Then
            assertThat(violated).isTrue();
            assertThat(behind.isReadable()).isFalse();
            assertThat(split.heard).startsWith(goodHeard.toArray(String[]::new));
            assertThat(split.heard).hasSize(goodHeard.size() + heardFromTheBroken.size());
        }
    }

    /** Returns what is heard before the violation. */
    private static List<String> heardOf(TransmissionMode mode, byte[] broken) {
        Recorder whole = new Recorder();
        assertThatExceptionOfType(ProtocolViolationException.class)
                .isThrownBy(() -> new ReplyDecoder(mode, whole).decode(Unpooled.wrappedBuffer(broken)));
        assertThat(whole.heard).noneMatch(event -> event.startsWith("done"));
        return whole.heard;
    }

    @ParameterizedTest
    @ValueSource(strings = {NONE, "668e33ef 0001 8001 0000000000000077 00000006 00000005 0000"})
    void t153RefusesAChunkWithoutStructuredReplies(String hex) {
        // Given
        Recorder plain = new Recorder();
        ByteBuf in = buffer(hex);

        // When // Then
        assertThatExceptionOfType(ProtocolViolationException.class)
                .isThrownBy(() -> new ReplyDecoder(TransmissionMode.SIMPLE, plain).decode(in))
                .withMessageContaining("not agreed");
        assertThat(in.isReadable()).isFalse();
        assertThat(plain.heard).isEmpty();
    }

    @Test
    void discardsEverythingAfterTheListenerRefused() {
        // Given
        recorder.refuses = true;
        ByteBuf in = buffer("668e33ef 0001 0002 0000000000000077 0000000c 0000000000000000 00000001" + NONE);

        // When // Then
        assertThatExceptionOfType(ProtocolViolationException.class).isThrownBy(() -> decoder.decode(in));
        assertThat(in.isReadable()).isFalse();
        decoder.decode(buffer(NONE));
        assertThat(recorder.heard).isEmpty();
    }

    @Test
    void discardsEverythingAfterTheListenerFailed() {
        // Given
        recorder.fails = true;
        ByteBuf in = buffer("67446698 00000000 0000000000000001" + NONE);

        // When // Then
        assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> decoder.decode(in));
        assertThat(in.isReadable()).isFalse();
        recorder.fails = false;
        decoder.decode(buffer(NONE));
        assertThat(recorder.heard).isEmpty();
    }

    @Test
    void framesDataLongerThanAnIntegerCanSay() {
        // When
        decoder.decode(buffer("668e33ef 0001 0001 0000000000000077 ffffffff 0000000000000000 'abc'"));

        // Then
        assertThat(recorder.heard).containsExactly("data 77 0 4294967287");
        assertThat(decoder.payloadLeft()).isEqualTo(0xffff_ffffL - 8 - 3);
        assertThat(decoder.isBetweenReplies()).isFalse();
    }

    @Test
    void takesTheLargestBlockStatus() {
        // When
        decoder.decode(buffer("668e33ef 0001 0005 0000000000000077 00800004 00000001 00000001 00000000"));

        // Then
        assertThat(recorder.heard).containsExactly("status 77 1", "extent 1 0");
        assertThat(decoder.payloadLeft()).isZero();
        assertThat(decoder.isBetweenReplies()).isFalse();
    }

    @Test
    void takesTheLongestMessageAndTheLongestErrorChunk() {
        // When
        decoder.decode(buffer("668e33ef 0001 8001 0000000000000077 00010000 00000005 1000 78*4096 00*61434 " + NONE));

        // Then
        assertThat(recorder.heard).containsExactly("error 77 5 -1 [" + "x".repeat(4096) + "]", "done 77", NONE_HEARD);
    }

    @Test
    void knowsAtEachStepHowMuchPayloadIsLeft() {
        // Given
        ByteBuf wire = buffer("668e33ef 0001 0001 0000000000000077 0000000d 0000000000001000 'hello'");

        // When // Then
        assertThat(decoder.isBetweenReplies()).isTrue();
        for (int header = 0; header < 27; header++) {
            decoder.decode(wire.readSlice(1));
            assertThat(decoder.payloadLeft()).as("after %d bytes", header + 1).isZero();
            assertThat(decoder.isBetweenReplies()).isFalse();
        }
        for (int left = 5; left > 0; left--) {
            decoder.decode(wire.readSlice(1));
            assertThat(decoder.payloadLeft()).isEqualTo(left);
            assertThat(decoder.isBetweenReplies()).isFalse();
        }
        decoder.decode(wire.readSlice(1));
        assertThat(decoder.payloadLeft()).isZero();
        assertThat(decoder.isBetweenReplies()).isTrue();
        assertThat(wire.isReadable()).isFalse();
    }

    @Test
    void knowsHowMuchIsLeftOfTheSimpleReplyToARead() {
        // When
        decoder.decode(buffer("67446698 00000000 0000000000000077 'he'"));

        // Then
        assertThat(decoder.payloadLeft()).isEqualTo(3);
        assertThat(decoder.isBetweenReplies()).isFalse();
        decoder.decode(buffer("'llo'"));
        assertThat(decoder.payloadLeft()).isZero();
        assertThat(decoder.isBetweenReplies()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "67",
                "668e33ef 0001 0000 0000000000000033",
                "668e33ef 0001 0002 0000000000000077 0000000c 0000000000001000",
                "668e33ef 0001 8001 0000000000000077 0000000a 00000005 0002 'n'",
                "668e33ef 0001 8001 0000000000000077 0000000a 00000005 0002 'no' be"
            })
    void knowsThatTheBytesEndWithinAReply(String hex) {
        // When
        decoder.decode(buffer(hex));

        // Then
        assertThat(decoder.isBetweenReplies()).isFalse();
        assertThat(decoder.payloadLeft()).isZero();
    }

    private static ByteBuf buffer(String hex) {
        return Unpooled.wrappedBuffer(WireBytes.parse(hex));
    }

    private static Consumer<ByteBuf> decoder(TransmissionMode mode, Consumer<? super String> sink) {
        Recorder recorder = new Recorder();
        ReplyDecoder decoder = new ReplyDecoder(mode, recorder);
        return in -> {
            decoder.decode(in);
            recorder.heard.forEach(sink);
            recorder.heard.clear();
            in.release();
        };
    }

    /** Writes down what it hears; payload as one text, once it is complete. */
    private static final class Recorder implements ReplyListener {
        final List<String> heard = new ArrayList<>();
        boolean refuses;
        boolean fails;
        private final ByteBuf payload = Unpooled.buffer();

        @Override
        public int simpleReply(long cookie, int error) {
            if (fails) {
                throw new IllegalStateException("a listener with a mistake");
            }
            heard.add("simple %x %d".formatted(cookie, error));
            return cookie == 0x77 && error == 0 ? 5 : 0;
        }

        @Override
        public void extendedChunk(long cookie, long requestOffset) {
            heard.add("extended %x %x".formatted(cookie, requestOffset));
        }

        @Override
        public void data(long cookie, long offset, long length) {
            heard.add("data %x %x %d".formatted(cookie, offset, length));
        }

        @Override
        public void payload(ByteBuf in, int length) {
            assertThat(length).isPositive().isLessThanOrEqualTo(in.readableBytes());
            // A listener may move the index or leave it.
            if (length % 2 == 0) {
                payload.writeBytes(in, length);
            } else {
                payload.writeBytes(in, in.readerIndex(), length);
            }
        }

        @Override
        public void payloadEnd() {
            heard.add("payload " + payload.toString(StandardCharsets.UTF_8));
            payload.clear();
        }

        @Override
        public void hole(long cookie, long offset, long length) {
            if (refuses) {
                throw new ProtocolViolationException("a hole that nobody asked for");
            }
            heard.add("hole %x %x %d".formatted(cookie, offset, length));
        }

        @Override
        public void blockStatus(long cookie, int contextId) {
            heard.add("status %x %d".formatted(cookie, contextId));
        }

        @Override
        public void extent(long length, long statusFlags) {
            heard.add("extent %d %d".formatted(length, statusFlags));
        }

        @Override
        public void error(long cookie, int error, long errorOffset, String message) {
            heard.add("error %x %d %d [%s]".formatted(cookie, error, errorOffset, message));
        }

        @Override
        public void done(long cookie) {
            heard.add("done %x".formatted(cookie));
        }
    }
}
