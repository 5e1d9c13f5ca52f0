package io.nbd4j.client.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdDevice;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.codec.transmission.TransmissionMode;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a small request allocates on the event loop, where it is submitted, without the stages that its caller may add. The
 * event loop's thread tells how much that is, garbage included, whether or not the code is compiled yet.
 *
 * <p>None of the buffers has a leak detector, which would allocate. Each of them is counted instead.
 */
class AllocationTest {
    /** The future, which is the entry of the in-flight table at the same time, and nothing else. */
    private static final long BYTES_PER_REQUEST = 120;

    private static final int WARM_UP = 1024;
    private static final int REQUESTS = 16 * 1024;

    static Stream<Arguments> depthsAndModes() {
        return Stream.of(1, 64)
                .flatMap(depth -> Stream.of(TransmissionMode.values()).map(mode -> Arguments.of(depth, mode)));
    }

    @ParameterizedTest
    @MethodSource("depthsAndModes")
    void aReadIntoTheCallersByteBufAllocatesTheFutureAndNothingElse(int depth, TransmissionMode mode) {
        assertAllocation(Requests::preadByteBuf, depth, mode);
    }

    private static void assertAllocation(
            BiFunction<NbdDevice, Integer, Requests> maker, int depth, TransmissionMode mode) {
        RecyclingMemory memory = new RecyclingMemory();
        int turns = REQUESTS / depth;
        try (TurnLoop loop = new TurnLoop(mode);
                NbdClient client = NbdClient.builder().allocator(memory).build()) {
            // Given
            client.connect(NbdTarget.adopted(loop.channel())).join();
            try (Requests requests = maker.apply(client, depth)) {
                loop.run(requests, WARM_UP);
                long buffersBefore = memory.handedOut();
                long madeBefore = memory.made();
                long heapBefore = loop.allocatedHeap();

                // When
                loop.run(requests, turns);

                // Then
                assertThat(loop.allocatedHeap() - heapBefore)
                        .as("bytes of heap for %d requests", REQUESTS)
                        .isLessThanOrEqualTo(BYTES_PER_REQUEST * REQUESTS);
                assertThat(memory.made() - madeBefore)
                        .as("bytes of direct memory")
                        .isZero();
                assertThat(memory.handedOut() - buffersBefore)
                        .as("buffers of the allocator, whether or not their memory is new")
                        .isZero();
            }
        }
        memory.free();
        assertThat(memory.used()).as("bytes of buffers that leaked").isZero();
    }
}
