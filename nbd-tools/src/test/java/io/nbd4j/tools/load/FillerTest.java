package io.nbd4j.tools.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nbd4j.tools.ToolException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class FillerTest {
    private static final int MIB = 1 << 20;

    private final FakeTime time = new FakeTime(0);
    private final RunWindow window = RunWindow.unmeasured(0);
    private final Recorder recorder = new Recorder();
    private List<SlotBuffers> buffers = List.of();

    @Test
    void writesEachByteOnceWithSeveralPiecesInFlight() {
        // Given: an export that ends within a piece, and within a word
        FakeDevice device = new FakeDevice(20 * MIB + 513);
        Filler filler = filler(device);
        List<Long> offsets = new ArrayList<>();

        // When
        filler.start();
        assertThat(device.inFlight).hasSize(8);
        while (!device.inFlight.isEmpty()) {
            // The answers come in any order.
            FakeDevice.Request request = device.inFlight.get(device.inFlight.size() / 2);
            offsets.add(request.offset);
            request.answer();
        }

        // Then
        assertThat(filler.finished()).isCompleted();
        assertThat(offsets).hasSize(21).doesNotHaveDuplicates();
        byte[] expected = new byte[21 * MIB];
        FillPattern.write(ByteBuffer.wrap(expected), 0);
        assertThat(device.content).isEqualTo(Arrays.copyOf(expected, device.content.length));
        assertThat(recorder.ended()).isEqualTo(21);
        assertThat(buffersAreReleased()).isTrue();
    }

    @Test
    void aSmallExportIsOneWrite() {
        // Given
        FakeDevice device = new FakeDevice(512);
        Filler filler = filler(device);

        // When
        filler.start();

        // Then
        assertThat(device.inFlight).singleElement().satisfies(write -> {
            assertThat(write.offset).isZero();
            assertThat(write.length).isEqualTo(512);
        });
        device.inFlight.get(0).answer();
        assertThat(filler.finished()).isCompleted();
    }

    @Test
    void aRefusalEndsIt() {
        // Given
        FakeDevice device = new FakeDevice(20 * MIB);
        Filler filler = filler(device);

        // When
        filler.start();
        device.inFlight.get(3).refuse();
        assertThat(filler.finished()).isNotDone();
        List.copyOf(device.inFlight).forEach(FakeDevice.Request::answer);

        // Then
        assertThat(device.inFlight).isEmpty();
        assertThatThrownBy(filler.finished()::join)
                .hasCauseInstanceOf(ToolException.class)
                .hasMessageContaining("--fill failed: WRITE [3145728, 4194304): refused by the server (EIO)");
        assertThat(buffersAreReleased()).isTrue();
    }

    @Test
    void aLostConnectionEndsIt() {
        // Given
        FakeDevice device = new FakeDevice(20 * MIB);
        device.lost = true;
        Filler filler = filler(device);

        // When
        filler.start();

        // Then
        assertThat(filler.finished()).isCompletedExceptionally();
        assertThat(buffersAreReleased()).isTrue();
    }

    @Test
    void writesNothingMoreWhenItsWindowHasEnded() {
        // Given
        FakeDevice device = new FakeDevice(20 * MIB);
        Filler filler = filler(device);

        // When
        filler.start();
        window.end(time.nanoTime());
        List.copyOf(device.inFlight).forEach(FakeDevice.Request::answer);

        // Then
        assertThat(device.inFlight).isEmpty();
        assertThat(filler.finished()).isCompleted();
        assertThat(buffersAreReleased()).isTrue();
    }

    private Filler filler(FakeDevice device) {
        buffers = Filler.allocate(device.content.length);
        return new Filler(device, device.content.length, time, window, recorder, buffers);
    }

    private boolean buffersAreReleased() {
        return buffers.stream().allMatch(slot -> slot.write().refCnt() == 0);
    }
}
