package io.nbd4j.tools.scale;

import io.nbd4j.client.NbdClientBuilder;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.tools.ErrorLine;
import io.nbd4j.tools.Interrupt;
import io.nbd4j.tools.Terminal;
import io.nbd4j.tools.ToolException;
import io.nbd4j.tools.load.Connections;
import io.nbd4j.tools.load.LoadOptions;
import io.nbd4j.tools.load.LoadReport;
import io.nbd4j.tools.load.LoadTest;
import io.netty.channel.IoEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/** Measures row after row, against one server. Runs on the thread of the command. */
final class ScaleTest {
    private final ScaleOptions options;
    private final Interrupt interrupt;
    private final Terminal terminal;

    ScaleTest(ScaleOptions options, Interrupt interrupt, Terminal terminal) {
        this.options = options;
        this.interrupt = interrupt;
        this.terminal = terminal;
    }

    /**
     * Runs the test, or what comes of it before an interrupt.
     *
     * @throws ToolException if the server can't be started or filled; what a row fails with is in the report
     */
    ScaleReport run() throws InterruptedException {
        try (ScaleServer server = ScaleServer.start(ScaleOptions.DISK_SIZE)) {
            IoEventLoopGroup loops = NbdClientBuilder.newEventLoopGroup(
                    options.eventLoops(), new DefaultThreadFactory("nbd-scale", true));
            try {
                return run(server.target(), loops);
            } finally {
                loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
            }
        }
    }

    private ScaleReport run(NbdTarget target, IoEventLoopGroup loops) throws InterruptedException {
        List<ScaleRow> rows = new ArrayList<>();
        Optional<QueuedRequests.Report> queued = Optional.empty();
        boolean goesOn = prepare(target, loops);
        for (int i = 0; goesOn && i < options.connections().size(); i++) {
            Optional<ScaleRow> row = row(target, loops, options.connections().get(i));
            row.ifPresent(rows::add);
            goesOn = row.isPresent() && !interrupt.isRaised();
        }
        if (goesOn && options.queued() > 0) {
            try {
                queued = queued(target, loops);
            } catch (ToolException e) {
                rows.add(new ScaleRow.Failed(1, String.valueOf(e.getMessage())));
            }
        }
        return new ScaleReport(options, rows, queued, System.getProperty("java.version"));
    }

    /** Fills the disk; and has each event loop do what it does once, so that no row is charged with it. */
    private boolean prepare(NbdTarget target, IoEventLoopGroup loops) throws InterruptedException {
        LoadOptions load = options.preparation();
        try (Connections opened = Connections.open(target, load, loops, interrupt.raised())) {
            return new LoadTest(load, opened, true, interrupt, terminal).run().isPresent() && !interrupt.isRaised();
        }
    }

    /** Measures a row, or says why not, so that it takes nothing from the others. Empty if there was an interrupt. */
    private Optional<ScaleRow> row(NbdTarget target, IoEventLoopGroup loops, int connections)
            throws InterruptedException {
        try {
            return measure(target, loops, connections);
        } catch (ToolException e) {
            return Optional.of(new ScaleRow.Failed(connections, String.valueOf(e.getMessage())));
        }
    }

    private Optional<ScaleRow> measure(NbdTarget target, IoEventLoopGroup loops, int connections)
            throws InterruptedException {
        Optional<String> obstacle = Descriptors.obstacle(connections);
        if (obstacle.isPresent()) {
            return Optional.of(new ScaleRow.LeftOut(connections, obstacle.get()));
        }
        Memory before = Memory.afterCollection();
        try (Connections opened = open(target, loops, connections)) {
            if (!isReady(opened)) {
                return Optional.empty();
            }
            Memory idle = Memory.afterCollection().since(before);
            LoadOptions load = options.load(connections);
            try (PeakMemory peak = PeakMemory.watch()) {
                Optional<LoadReport> report = new LoadTest(load, opened, true, interrupt, terminal).run();
                report.flatMap(LoadReport::flaw).ifPresent(flaw -> {
                    throw new ToolException(flaw);
                });
                return report.map(r -> new ScaleRow.Measured(
                        connections,
                        idle,
                        peak.soFar().direct(),
                        connections * load.bytesInFlight(),
                        r.iops(),
                        r.cpuMicrosPerRequest()));
            }
        }
    }

    private Optional<QueuedRequests.Report> queued(NbdTarget target, IoEventLoopGroup loops)
            throws InterruptedException {
        try (Connections opened = open(target, loops, 1)) {
            return isReady(opened)
                    ? QueuedRequests.run(
                            opened.all().get(0).client(),
                            options.queued(),
                            options.load(1).blockSize(),
                            interrupt.raised())
                    : Optional.empty();
        }
    }

    private Connections open(NbdTarget target, IoEventLoopGroup loops, int connections) {
        return Connections.open(target, options.load(connections), loops, interrupt.raised());
    }

    /** Waits until all connections are READY; returns false if there is an interrupt before. */
    private boolean isReady(Connections opened) throws InterruptedException {
        CompletableFuture<Boolean> settled = opened.ready().handle((ignored, failure) -> failure == null);
        CompletableFuture.anyOf(settled, interrupt.raised()).join();
        if (interrupt.isRaised()) {
            return false;
        }
        try {
            opened.ready().get();
            return true;
        } catch (ExecutionException e) {
            if (interrupt.isRaisedOrAboutToBe()) {
                return false;
            }
            throw new ToolException(ErrorLine.of(e), ErrorLine.unwrap(e));
        }
    }
}
