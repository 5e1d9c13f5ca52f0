package io.nbd4j.codec.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.nbd4j.codec.ProtocolViolationException;
import io.nbd4j.codec.golden.ServerTransmissionVectors;
import io.nbd4j.codec.transmission.ReplyDecoder;
import io.nbd4j.codec.transmission.TransmissionMode;
import io.nbd4j.codec.verify.FuzzInput;
import io.nbd4j.codec.verify.HeapAllocation;
import io.nbd4j.codec.verify.MeasuredMemory;
import io.nbd4j.codec.verify.WireCut;
import io.netty.buffer.ByteBuf;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/** What a server says in the transmission phase. The input: how it is cut; the mode; then the bytes. */
class ReplyFuzzTest {
    private static final long HEAP_PER_BYTE = 2 * 1024;
    /** By the octet that stands for them. */
    private static final List<TransmissionMode> MODES =
            List.of(TransmissionMode.SIMPLE, TransmissionMode.STRUCTURED, TransmissionMode.EXTENDED);

    private static final int SIMPLE = 0;
    private static final int STRUCTURED = 1;
    private static final int EXTENDED = 2;

    static Stream<byte[]> seeds() {
        return Stream.of(
                        Seeds.each(ServerTransmissionVectors.replies(), 1, STRUCTURED),
                        Seeds.each(ServerTransmissionVectors.errorsWithABrokenMessage(), 3, STRUCTURED),
                        Seeds.each(ServerTransmissionVectors.extendedReplies(), 1, EXTENDED),
                        Stream.of(
                                Seeds.together(ServerTransmissionVectors.replies(), 200, STRUCTURED),
                                Seeds.together(ServerTransmissionVectors.replies(), 1, SIMPLE),
                                Seeds.together(ServerTransmissionVectors.extendedReplies(), 200, EXTENDED)))
                .flatMap(seeds -> seeds);
    }

    @MethodSource("seeds")
    @FuzzTest
    void replies(byte[] input) {
        FuzzInput script = new FuzzInput(input);
        int cut = script.octet();
        TransmissionMode mode = MODES.get(script.octet() % MODES.size());
        byte[] wire = script.rest();
        HeapAllocation.requireAtMost(wire.length, HEAP_PER_BYTE, () -> {
            List<String> whole = heard(wire, 0, mode);
            assertThat(heard(wire, cut, mode)).isEqualTo(whole);
        });
    }

    private static List<String> heard(byte[] wire, int cut, TransmissionMode mode) {
        MeasuredMemory memory = new MeasuredMemory();
        ReplyRecord heard = new ReplyRecord();
        ReplyDecoder decoder = new ReplyDecoder(mode, heard);
        WireCut pieces = new WireCut(cut);
        for (int at = 0; at < wire.length; ) {
            int length = pieces.next(wire.length - at);
            ByteBuf piece = at % 2 == 0 ? memory.heapBuffer(length) : memory.directBuffer(length);
            piece.writeBytes(wire, at, length);
            at += length;
            try {
                decoder.decode(piece);
            } catch (ProtocolViolationException e) {
                heard.violated();
            }
            assertThat(piece.isReadable()).as("all is taken").isFalse();
            assertThat(decoder.payloadLeft()).isEqualTo(heard.payloadLeft());
            assertThat(piece.release()).as("the only reference").isTrue();
        }
        memory.requireReleased();
        return heard.lines(decoder.isBetweenReplies());
    }
}
