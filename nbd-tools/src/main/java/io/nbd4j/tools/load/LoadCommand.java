package io.nbd4j.tools.load;

import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.SubprocessTransport;
import io.nbd4j.tools.Interrupt;
import io.nbd4j.tools.LowerCaseEnumConverter;
import io.nbd4j.tools.SizeConverter;
import io.nbd4j.tools.Targets;
import io.nbd4j.tools.Terminal;
import io.nbd4j.tools.ToolException;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** The options of {@code nbd load}. */
@Command(
        name = LoadCommand.NAME,
        sortOptions = false,
        customSynopsis = {"nbd load [TARGET] [OPTIONS]", "nbd load --batch"},
        header = "Measures how fast an NBD server is read and written.",
        description = {
            "",
            "SIZE takes the suffixes k, m and g (powers of 1024). Requests that the server refuses are counted as"
                    + " errors; a test in which none succeeds, or the connection is lost, fails.",
            "",
        },
        footer = {
            "",
            "Exit status: 0; 1 if the test failed or can't be run; 130 after Ctrl-C, with the figures so far.",
            "",
            "  nbd load [ nbdkit -s memory 1G ]",
            "  nbd load nbd://localhost --rw randrw --bs 64k --iodepth 16 --verify",
            "  nbd load --batch <tests",
        })
public final class LoadCommand implements Callable<Integer> {
    /** The word on the command line. */
    public static final String NAME = "load";

    private final Targets targets;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Parameters(
            arity = "0..1",
            paramLabel = "TARGET",
            description = "An NBD URI, or [ COMMAND ARG... ], with the brackets as separate words: a server to be"
                    + " started that speaks NBD on its stdin and stdout, such as 'nbdkit -s'. Without it, a memory"
                    + " server of 1g is started.")
    private @Nullable String target;

    @Option(
            names = "--rw",
            paramLabel = "PATTERN",
            defaultValue = "randread",
            converter = PatternConverter.class,
            description = "read, write, randread, randwrite, or randrw (half and half); ${DEFAULT-VALUE} by default.")
    private AccessPattern pattern = AccessPattern.RANDREAD;

    @Option(
            names = "--bs",
            paramLabel = "SIZE",
            defaultValue = "4k",
            converter = SizeConverter.class,
            description = "Bytes per request, ${DEFAULT-VALUE} by default.")
    private long blockSize;

    @Option(
            names = "--iodepth",
            paramLabel = "N",
            defaultValue = "64",
            description = "Requests in flight per connection, ${DEFAULT-VALUE} by default.")
    private int depth;

    @Option(
            names = "--runtime",
            paramLabel = "SECONDS",
            defaultValue = "10",
            description = "How long to measure, ${DEFAULT-VALUE} by default.")
    private double runtime;

    @Option(
            names = "--warmup",
            paramLabel = "SECONDS",
            defaultValue = "3",
            description = "How long to run before that, ${DEFAULT-VALUE} by default.")
    private double warmup;

    @Option(
            names = "--connections",
            paramLabel = "N",
            defaultValue = "1",
            description = "Connections to the URI, which share its export among them, or servers to start;"
                    + " ${DEFAULT-VALUE} by default.")
    private int connections;

    @Option(
            names = "--rate",
            paramLabel = "N",
            description =
                    "Issue N requests per second, whatever the server does (open loop); latency counts from when a"
                            + " request was due. By default, each request follows the end of another.")
    private @Nullable Long rate;

    @Option(
            names = "--off-loop",
            description =
                    "Issue requests from a thread of its own for each connection, which each end wakes up, as it does"
                            + " a caller that blocks. By default, it is the event loop that issues them, where they end.")
    private boolean offLoop;

    @Option(
            names = "--verify",
            description = "Check blocks that this run has written when they are read, and read them all at its end.")
    private boolean verify;

    @Option(
            names = "--fill",
            description = "Write the whole export once before the warm-up, so that nothing is read that was never"
                    + " written. All that was in it is lost.")
    private boolean fill;

    @Option(
            names = "--subprocess-transport",
            paramLabel = "KIND",
            defaultValue = "auto",
            converter = TransportConverter.class,
            description = "How a started server's stdin and stdout are wired up: auto, socketpair, pipe, or stream;"
                    + " ${DEFAULT-VALUE} by default.")
    private SubprocessTransport transport = SubprocessTransport.AUTO;

    @Mixin
    private Tls tls = new Tls();

    @Option(names = "--json", description = "Print one JSON object instead of the table.")
    private boolean json;

    @Option(
            names = "--batch",
            description =
                    "Run tests one after the other in one JVM, which gets warm. Each line of stdin is one: the words"
                            + " that would follow 'nbd load', quoted as for a shell. Each is answered with a line, its JSON object,"
                            + " or {\"error\": TEXT}; then the next goes on.")
    private boolean batch;

    /** Creates the command. {@code targets} knows the command that was cut out of the command line. */
    public LoadCommand(Targets targets) {
        this.targets = targets;
    }

    @Override
    public Integer call() throws InterruptedException {
        if (batch) {
            return runBatch();
        }
        try (Interrupt interrupt = Interrupt.install()) {
            Optional<LoadReport> report = test(interrupt, json ? Terminal.none() : Terminal.onStandardError());
            report.ifPresent(this::print);
            if (interrupt.isRaised()) {
                return Interrupt.EXIT_STATUS;
            }
            report.flatMap(LoadReport::flaw).ifPresent(flaw -> {
                throw new ToolException(flaw);
            });
            return 0;
        }
    }

    /** Returns whether the tests are the lines of stdin, and there is none here. */
    boolean isBatch() {
        return batch;
    }

    private int runBatch() throws InterruptedException {
        ParseResult given = spec.commandLine().getParseResult();
        for (OptionSpec option : given.matchedOptions()) {
            if (!option.longestName().equals("--batch") && !option.longestName().equals("--debug")) {
                throw new ToolException(option.longestName() + " and --batch exclude each other: each line of stdin has"
                        + " options of its own");
            }
        }
        if (target != null) {
            throw new ToolException(
                    "TARGET and --batch exclude each other: each line of stdin has a target of its own");
        }
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        return new Batch(lines, spec.commandLine().getOut()).run();
    }

    /**
     * Runs the test that the options describe, or what comes of it before an interrupt; empty if nothing was started by then.
     *
     * @throws ToolException if it can't be run
     */
    Optional<LoadReport> test(Interrupt interrupt, Terminal terminal) throws InterruptedException {
        LoadOptions options = LoadOptions.of(
                pattern, blockSize, depth, runtime, warmup, connections, rateOrZero(), verify, fill, offLoop);
        NbdTarget server = server();
        boolean sharedExport = !(server instanceof NbdTarget.Command);
        try (Connections opening = Connections.open(server, tls.optionsFor(server), options, interrupt.raised())) {
            return new LoadTest(options, opening, sharedExport, interrupt, terminal).run();
        }
    }

    private void print(LoadReport report) {
        PrintWriter out = spec.commandLine().getOut();
        out.println(json ? JsonReport.of(report) : TextReport.of(report));
        out.flush();
    }

    private long rateOrZero() {
        if (rate == null) {
            return 0;
        }
        if (rate < 1) {
            throw new ToolException("--rate must be at least 1: " + rate);
        }
        return rate;
    }

    private NbdTarget server() {
        NbdTarget server = target == null ? BuiltInServer.command() : targets.of(target);
        if (server instanceof NbdTarget.Command command) {
            return command.withTransport(transport);
        }
        if (transport != SubprocessTransport.AUTO) {
            throw new ToolException("--subprocess-transport is for servers that are started, not for a URI");
        }
        return server;
    }

    static final class PatternConverter extends LowerCaseEnumConverter<AccessPattern> {
        PatternConverter() {
            super(AccessPattern.class);
        }
    }

    static final class TransportConverter extends LowerCaseEnumConverter<SubprocessTransport> {
        TransportConverter() {
            super(SubprocessTransport.class);
        }
    }
}
