package io.nbd4j.codec.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.nbd4j.codec.ProtocolViolationException;
import io.nbd4j.codec.golden.ClientTransmissionVectors;
import io.nbd4j.codec.transmission.RequestDecoder;
import io.nbd4j.codec.transmission.TransmissionMode;
import io.nbd4j.codec.verify.FuzzInput;
import io.nbd4j.codec.verify.HeapAllocation;
import io.nbd4j.codec.verify.MeasuredMemory;
import io.nbd4j.codec.verify.WireCut;
import io.netty.buffer.ByteBuf;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a client says in the transmission phase.
 *
 * <p>The input: how it is cut; the mode; every how many requests the server pauses, 0 for never; behind how many it
 * discards the rest, 0 for none; then the bytes.
 */
class RequestFuzzTest {
    private static final long HEAP_PER_BYTE = 2 * 1024;
    /** By the octet that stands for them. */
    private static final List<TransmissionMode> MODES =
            List.of(TransmissionMode.SIMPLE, TransmissionMode.STRUCTURED, TransmissionMode.EXTENDED);

    private static final int SIMPLE = 0;
    private static final int EXTENDED = 2;
    private static final byte[] PAYLOAD = {1, 2, 3, 4, 5};

    static Stream<byte[]> seeds() {
        return Stream.of(
                        ClientTransmissionVectors.requests().stream()
                                .map(vector -> FuzzInput.of(new int[] {1, SIMPLE, 1, 0}, vector.wire(), PAYLOAD)),
                        ClientTransmissionVectors.extendedRequests().stream()
                                .map(vector -> FuzzInput.of(new int[] {1, EXTENDED, 1, 0}, vector.wire(), PAYLOAD)),
                        Stream.of(
                                Seeds.together(ClientTransmissionVectors.requests(), 200, SIMPLE, 2, 5),
                                Seeds.together(ClientTransmissionVectors.extendedRequests(), 200, EXTENDED, 2, 0)))
                .flatMap(seeds -> seeds);
    }

    @MethodSource("seeds")
    @FuzzTest
    void requests(byte[] input) {
        FuzzInput script = new FuzzInput(input);
        int cut = script.octet();
        TransmissionMode mode = MODES.get(script.octet() % MODES.size());
        int pause = script.octet();
        int discard = script.octet();
        byte[] wire = script.rest();
        HeapAllocation.requireAtMost(wire.length, HEAP_PER_BYTE, () -> {
            List<String> whole = heard(wire, 0, mode, 0, discard);
            assertThat(heard(wire, cut, mode, pause, discard)).isEqualTo(whole);
        });
    }

    private static List<String> heard(byte[] wire, int cut, TransmissionMode mode, int pause, int discard) {
        MeasuredMemory memory = new MeasuredMemory();
        RequestRecord heard = new RequestRecord(pause, discard);
        RequestDecoder decoder = new RequestDecoder(mode, heard);
        heard.listenTo(decoder);
        WireCut pieces = new WireCut(cut);
        for (int at = 0; at < wire.length; ) {
            int length = pieces.next(wire.length - at);
            ByteBuf piece = at % 2 == 0 ? memory.heapBuffer(length) : memory.directBuffer(length);
            piece.writeBytes(wire, at, length);
            at += length;
            while (piece.isReadable()) {
                int before = piece.readerIndex();
                try {
                    decoder.decode(piece);
                } catch (ProtocolViolationException e) {
                    heard.violated();
                }
                assertThat(piece.readerIndex()).as("it goes on").isGreaterThan(before);
            }
            assertThat(piece.release()).as("the only reference").isTrue();
        }
        memory.requireReleased();
        return heard.lines(decoder.isBetweenRequests());
    }
}
