package io.nbd4j.tools.load;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A lane on a fake device, in a window of 1000 ns of warm-up and 10 000 ns that are measured. */
final class LaneFixture implements AutoCloseable {
    static final int BLOCK = 64;
    static final long WARMUP = 1_000;
    static final long RUNTIME = 10_000;
    // Just before the clock of the JVM overflows: it may.
    static final long START = Long.MAX_VALUE - 5_000;

    final FakeTime time = new FakeTime(START);
    final RunWindow window = RunWindow.measured(START, WARMUP, RUNTIME);
    final Recorder recorder = new Recorder();
    final Region region;
    final FakeDevice device;
    final List<SlotBuffers> buffers;
    final @Nullable Verifier verifier;

    private final AccessPattern pattern;
    private final List<Lane> lanes = new ArrayList<>();

    LaneFixture(AccessPattern pattern, int blocks, int depth, boolean verify) {
        this.pattern = pattern;
        // Not at the start of the export, so that an offset that is relative to the region is noticed.
        region = new Region(3, blocks);
        device = new FakeDevice((3 + blocks) * BLOCK);
        buffers = SlotBuffers.allocate(depth, BLOCK, pattern.reads(), pattern.writes());
        verifier = verify ? new Verifier(region, BLOCK, new BlockStamp(BLOCK, 0x1234_5678_9abc_def1L)) : null;
    }

    Lane closedLoop() {
        return remember(new ClosedLoop(parts(window, workload(), buffers)));
    }

    Lane openLoop(long rate, int lane, int lanes) {
        return remember(new OpenLoop(parts(window, workload(), buffers), rate, lane, lanes));
    }

    Lane readBack(List<SlotBuffers> readBuffers) {
        RunWindow unmeasured = RunWindow.unmeasured(time.nanoTime());
        return new ClosedLoop(parts(unmeasured, new ReadBackWorkload(Objects.requireNonNull(verifier)), readBuffers));
    }

    private Lane remember(Lane lane) {
        lanes.add(lane);
        return lane;
    }

    /** Lets what a test has started come to its end. */
    @Override
    public void close() {
        window.end(time.nanoTime());
        List.copyOf(device.inFlight).forEach(FakeDevice.Request::answer);
        lanes.forEach(Lane::wake);
    }

    private Workload workload() {
        return pattern.isSequential()
                ? new SequentialWorkload(region.blocks(), pattern.writes())
                : new RandomWorkload(region.blocks(), pattern, 42);
    }

    private Lane.Parts parts(RunWindow during, Workload workload, List<SlotBuffers> slots) {
        return new Lane.Parts(device, null, time, during, region, BLOCK, workload, verifier, recorder, slots);
    }

    boolean buffersAreReleased() {
        return buffers.stream().allMatch(b -> isReleased(b.read()) && isReleased(b.write()));
    }

    // The empty buffer is a constant that is never released.
    private static boolean isReleased(ByteBuf buffer) {
        return buffer.refCnt() == 0 || buffer.capacity() == 0;
    }
}
