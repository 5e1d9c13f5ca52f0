package io.nbd4j.tools.load;

import io.nbd4j.tools.ErrorLine;
import io.nbd4j.tools.Interrupt;
import io.nbd4j.tools.Terminal;
import io.nbd4j.tools.ToolException;
import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One load test, from connections that are opening to the figures. Runs on the thread of the command. */
public final class LoadTest {
    private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long DRAIN_AFTER_INTERRUPT_MILLIS = 1000;

    private final LoadOptions options;
    private final Connections connections;
    private final boolean sharedExport;
    private final Interrupt interrupt;
    private final Terminal terminal;
    private final ProcessCpu cpu = new ProcessCpu();

    /** The connections at work, in their order. */
    private final List<Worker> workers = new ArrayList<>();
    /** One for each thread that issues requests: with a histogram for each of thousands of connections, counting would cost more than reading. */
    private final Map<EventExecutor, Recorder> recorders = new LinkedHashMap<>();

    private record Worker(
            Connections.Connection connection,
            Region region,
            @Nullable Verifier verifier,
            Recorder recorder) {}

    private record Speed(long elapsedNanos, long cpuNanos, Payload received) {}

    /**
     * Creates the test.
     *
     * @param sharedExport whether all connections lead to the same export
     */
    public LoadTest(
            LoadOptions options,
            Connections connections,
            boolean sharedExport,
            Interrupt interrupt,
            Terminal terminal) {
        this.options = options;
        this.connections = connections;
        this.sharedExport = sharedExport;
        this.interrupt = interrupt;
        this.terminal = terminal;
    }

    /**
     * Runs the test, or what comes of it before an interrupt; empty if nothing was started by then.
     *
     * @throws ToolException if the connections can't be opened, are lost, or the export is not fit for the test
     */
    public Optional<LoadReport> run() throws InterruptedException {
        if (!awaitOrInterrupt(connections.ready())) {
            return Optional.empty();
        }
        prepare();
        if (options.fill() && !fill()) {
            return Optional.empty();
        }
        Speed speed = measure();
        if (options.verify() && options.pattern().writes() && !interrupt.isRaised()) {
            readBack();
        }
        return Optional.of(LoadReport.of(
                options,
                speed.elapsedNanos(),
                speed.cpuNanos(),
                List.copyOf(recorders.values()),
                new Travel(connections.transport(), connections.tls(), speed.received()),
                interrupt.isRaised()));
    }

    private void prepare() {
        BlockStamp stamp = new BlockStamp(options.blockSize(), System.nanoTime());
        List<Connections.Connection> all = connections.all();
        long verifierMemory = 0;
        for (int i = 0; i < all.size(); i++) {
            Connections.Connection connection = all.get(i);
            Region region = Region.of(
                    connection.client().export(), options, sharedExport ? i : 0, sharedExport ? all.size() : 1);
            Verifier verifier = null;
            if (options.verify()) {
                verifierMemory += Verifier.memoryFor(region);
                requireMemory(verifierMemory);
                verifier = new Verifier(region, options.blockSize(), stamp);
            }
            Recorder recorder = recorders.computeIfAbsent(connection.caller(), caller -> new Recorder());
            workers.add(new Worker(connection, region, verifier, recorder));
        }
    }

    private static void requireMemory(long verifierMemory) {
        if (verifierMemory > Runtime.getRuntime().maxMemory() / 2) {
            throw new ToolException("--verify needs up to " + (verifierMemory >> 20)
                    + " MiB to remember what was written to each block, which is too much for this JVM's heap:"
                    + " use a larger --bs");
        }
    }

    /**
     * Fills the export, or those of all servers: one after the other, so that this takes little memory.
     *
     * @return false if there was an interrupt
     */
    private boolean fill() throws InterruptedException {
        for (Worker worker : sharedExport ? workers.subList(0, 1) : workers) {
            if (!fill(worker.connection())) {
                return false;
            }
        }
        return true;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // ending a window can't fail
    private boolean fill(Connections.Connection connection) throws InterruptedException {
        long length = Filler.reachable(connection.client().export());
        RunWindow window = RunWindow.unmeasured(System.nanoTime());
        Recorder recorder = new Recorder();
        Filler filler = new Filler(
                connection.client(), length, LoopTime.of(connection.loop()), window, recorder, buffersToFill(length));
        interrupt.raised().thenRun(() -> window.end(System.nanoTime()));
        CompletableFuture<Void> finished = filler.finished();
        finished.whenComplete((ignored, failure) -> window.end(System.nanoTime()));
        connection.loop().execute(filler::start);
        Progress progress = new Progress(terminal, List.of(recorder), System.nanoTime());
        watch(window, window.until(), progress, "filling");
        progress.end();
        return awaitOrInterrupt(finished);
    }

    private static List<SlotBuffers> buffersToFill(long length) {
        try {
            return Filler.allocate(length);
        } catch (OutOfMemoryError e) {
            throw new ToolException("not enough direct memory for --fill", e);
        }
    }

    private Speed measure() throws InterruptedException {
        AccessPattern pattern = options.pattern();
        List<List<SlotBuffers>> buffers = allocate(pattern.reads(), pattern.writes());
        long seed = System.nanoTime();
        RunWindow window = RunWindow.measured(System.nanoTime(), options.warmupNanos(), options.runtimeNanos());
        LaneGroup lanes = new LaneGroup(window);
        for (int i = 0; i < workers.size(); i++) {
            Worker worker = workers.get(i);
            long blocks = worker.region().blocks();
            Workload workload = pattern.isSequential()
                    ? new SequentialWorkload(blocks, pattern.writes())
                    : new RandomWorkload(blocks, pattern, seed + i);
            Lane.Parts parts = parts(worker, window, workload, buffers.get(i));
            lanes.add(
                    options.isOpenLoop()
                            ? new OpenLoop(parts, options.rate(), i, workers.size())
                            : new ClosedLoop(parts),
                    worker.connection().caller());
        }
        Progress progress = progress();
        CompletableFuture<Void> finished = lanes.start(interrupt.raised());
        watch(window, window.from(), progress, "warm-up");
        long sampledAt = System.nanoTime();
        long cpuBefore = cpu.nanos();
        Payload receivedBefore = connections.received();
        watch(window, window.until(), progress, pattern.toString());
        long sampledFor = Math.max(1, System.nanoTime() - sampledAt);
        double cpuNanos = cpu.nanos() - cpuBefore;
        Payload received = connections.received().since(receivedBefore);
        progress.end();

        lanes.wake();
        awaitOrInterrupt(finished);
        // The samples are taken a little later than the window begins and ends.
        return new Speed(window.measuredNanos(), (long) (cpuNanos * window.measuredNanos() / sampledFor), received);
    }

    private void readBack() throws InterruptedException {
        List<List<SlotBuffers>> buffers = allocate(true, false);
        RunWindow window = RunWindow.unmeasured(System.nanoTime());
        LaneGroup lanes = new LaneGroup(window);
        for (int i = 0; i < workers.size(); i++) {
            Worker worker = workers.get(i);
            if (worker.verifier() != null) {
                Workload workload = new ReadBackWorkload(worker.verifier());
                lanes.add(
                        new ClosedLoop(parts(worker, window, workload, buffers.get(i))),
                        worker.connection().caller());
            }
        }
        Progress progress = progress();
        CompletableFuture<Void> finished = lanes.start(interrupt.raised());
        watch(window, window.until(), progress, "reading back");
        progress.end();
        awaitOrInterrupt(finished);
    }

    private Lane.Parts parts(Worker worker, RunWindow window, Workload workload, List<SlotBuffers> buffers) {
        return new Lane.Parts(
                worker.connection().client(),
                worker.connection().isOffLoop() ? worker.connection().caller() : null,
                LoopTime.of(worker.connection().caller()),
                window,
                worker.region(),
                options.blockSize(),
                workload,
                worker.verifier(),
                worker.recorder(),
                buffers);
    }

    private List<List<SlotBuffers>> allocate(boolean reads, boolean writes) {
        List<List<SlotBuffers>> all = new ArrayList<>();
        try {
            for (Worker worker : workers) {
                // With fewer blocks than slots, verified requests would have to share a block.
                long slots = options.verify()
                        ? Math.min(options.depth(), worker.region().blocks())
                        : options.depth();
                all.add(SlotBuffers.allocate((int) slots, options.blockSize(), reads, writes));
            }
            return all;
        } catch (OutOfMemoryError e) {
            all.forEach(buffers -> buffers.forEach(SlotBuffers::release));
            throw new ToolException(
                    "not enough direct memory for " + options.connections() + " x " + options.depth() + " blocks of "
                            + options.blockSize() + " bytes in flight",
                    e);
        }
    }

    private Progress progress() {
        return new Progress(terminal, List.copyOf(recorders.values()), System.nanoTime());
    }

    private static void watch(RunWindow window, long until, Progress progress, String phase)
            throws InterruptedException {
        long now = System.nanoTime();
        while (until - now > 0 && !window.awaitEarlyEnd(Math.min(until - now, TICK_NANOS))) {
            now = System.nanoTime();
            progress.show(phase, now);
        }
    }

    /**
     * Waits for a future. After an interrupt it is only given a moment, and its failure is none.
     *
     * @return false if there was an interrupt
     */
    private boolean awaitOrInterrupt(CompletableFuture<Void> future) throws InterruptedException {
        CompletableFuture<@Nullable Object> settled = future.handle((ignored, failure) -> null);
        CompletableFuture.anyOf(settled, interrupt.raised()).join();
        if (!interrupt.isRaised()) {
            try {
                future.get();
                return true;
            } catch (ExecutionException e) {
                if (!interrupt.isRaisedOrAboutToBe()) {
                    throw new ToolException(ErrorLine.of(e), ErrorLine.unwrap(e));
                }
            }
        }
        settled.completeOnTimeout(null, DRAIN_AFTER_INTERRUPT_MILLIS, TimeUnit.MILLISECONDS)
                .join();
        return false;
    }
}
