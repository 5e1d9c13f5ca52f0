package io.nbd4j.tools.scale;

import io.nbd4j.tools.Interrupt;
import io.nbd4j.tools.SizeConverter;
import io.nbd4j.tools.Terminal;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options of {@code nbd scale}. */
@Command(
        name = ScaleCommand.NAME,
        sortOptions = false,
        customSynopsis = {"nbd scale [OPTIONS]"},
        header = "Measures what many connections cost the client.",
        description = {
            "",
            "Starts 'nbd serve' in a process of its own, on a Unix socket. For each number of connections it opens them,"
                    + " measures the heap and the direct memory that they take while they are idle, and then the speed"
                    + " and the CPU time of random reads on all of them at once. A row that the limit on open"
                    + " files does not allow says so.",
            "",
        },
        footer = {
            "",
            "Heap is what is left after garbage collections, less what was there before. Direct memory is, while idle, what"
                    + " was lent out; under load, the most that the process has reserved, in chunks of some MiB. With a"
                    + " few connections, what the JVM does besides outweighs them. The CPU time is that of the whole"
                    + " client, without the server.",
            "",
            "Exit status: 0; 1 if a row failed, with what the others came to; 130 after Ctrl-C, with the rows so far.",
        })
public final class ScaleCommand implements Callable<Integer> {
    /** The word on the command line. */
    public static final String NAME = "scale";

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(
            names = "--connections",
            paramLabel = "N,N...",
            split = ",",
            defaultValue = "1,10,16,100,1000,10000",
            description = "Connections, a row for each number; ${DEFAULT-VALUE} by default.")
    private List<Integer> connections = List.of();

    @Option(
            names = "--bs",
            paramLabel = "SIZE",
            defaultValue = "4k",
            converter = SizeConverter.class,
            description = "Bytes per request, ${DEFAULT-VALUE} by default.")
    private long blockSize;

    @Option(
            names = "--event-loops",
            paramLabel = "N",
            defaultValue = "2",
            description = "Event loops that all connections share, ${DEFAULT-VALUE} by default.")
    private int eventLoops;

    @Option(
            names = "--iodepth",
            paramLabel = "N",
            defaultValue = "16",
            description = "Requests in flight per connection, ${DEFAULT-VALUE} by default.")
    private int depth;

    @Option(
            names = "--runtime",
            paramLabel = "SECONDS",
            defaultValue = "5",
            description = "How long to measure each row, ${DEFAULT-VALUE} by default.")
    private double runtime;

    @Option(
            names = "--warmup",
            paramLabel = "SECONDS",
            defaultValue = "3",
            description = "How long to run before that, ${DEFAULT-VALUE} by default.")
    private double warmup;

    @Option(
            names = "--queued",
            paramLabel = "N",
            defaultValue = "0",
            description = "At last, queue N reads on one connection at once, from a thread that is not its event loop.")
    private int queued;

    @Option(names = "--json", description = "Print one JSON object instead of the table, which is in Markdown.")
    private boolean json;

    @Override
    public Integer call() throws InterruptedException {
        ScaleOptions options = ScaleOptions.of(connections, blockSize, eventLoops, depth, runtime, warmup, queued);
        try (Interrupt interrupt = Interrupt.install()) {
            Terminal terminal = json ? Terminal.none() : Terminal.onStandardError();
            ScaleReport report = new ScaleTest(options, interrupt, terminal).run();
            PrintWriter out = spec.commandLine().getOut();
            out.println(json ? report.toJson() : report.toMarkdown());
            out.flush();
            if (interrupt.isRaised()) {
                return Interrupt.EXIT_STATUS;
            }
            return report.hasFailed() ? ExitCode.SOFTWARE : 0;
        }
    }
}
