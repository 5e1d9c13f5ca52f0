package io.nbd4j.tools.load;

import io.nbd4j.tools.BracketedCommand;
import io.nbd4j.tools.ErrorLine;
import io.nbd4j.tools.Interrupt;
import io.nbd4j.tools.Targets;
import io.nbd4j.tools.Terminal;
import io.nbd4j.tools.ToolException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/**
 * Load tests one after the other in this JVM, which the first of them warm up for the others. Each line of the input is one, as
 * {@link CommandWords}; each has event loops and connections of its own, which are gone before the next starts.
 */
final class Batch {
    private final BufferedReader in;
    private final PrintWriter out;
    private int tests;
    private int failures;

    /**
     * Creates a batch.
     *
     * @param out gets one JSON object a line, as soon as its test has ended
     */
    Batch(BufferedReader in, PrintWriter out) {
        this.in = in;
        this.out = out;
    }

    /**
     * Runs the tests to the end of the input, or to an interrupt.
     *
     * @return the exit status
     * @throws ToolException if a test failed, when all have ended; or if the input can't be read
     */
    int run() throws InterruptedException {
        for (String line = nextLine(); line != null; line = nextLine()) {
            if (line.isBlank()) {
                continue;
            }
            // One for each test: while a line is awaited, nothing holds back the exit of the JVM.
            try (Interrupt interrupt = Interrupt.install()) {
                run(line, interrupt);
                if (interrupt.isRaised()) {
                    return Interrupt.EXIT_STATUS;
                }
            }
        }
        if (failures > 0) {
            throw new ToolException(failures + " of " + tests + " tests failed");
        }
        return 0;
    }

    private @Nullable String nextLine() {
        try {
            return in.readLine();
        } catch (IOException e) {
            throw new ToolException("the tests can't be read from stdin: " + e.getMessage(), e);
        }
    }

    private void run(String line, Interrupt interrupt) throws InterruptedException {
        tests++;
        try {
            Optional<LoadReport> report = test(line, interrupt);
            report.flatMap(LoadReport::flaw).ifPresent(flaw -> {
                throw new ToolException(flaw);
            });
            report.map(JsonReport::of).ifPresent(this::print);
        } catch (RuntimeException | Error e) {
            failures++;
            print(JsonReport.ofFailure(ErrorLine.of(e)));
        }
    }

    private static Optional<LoadReport> test(String line, Interrupt interrupt) throws InterruptedException {
        BracketedCommand split = BracketedCommand.cutOutOf(CommandWords.of(line).toArray(String[]::new));
        LoadCommand command = new LoadCommand(new Targets(split.command()));
        new CommandLine(command)
                .setExpandAtFiles(false)
                .parseArgs(split.remaining().toArray(String[]::new));
        if (command.isBatch()) {
            throw new ToolException("--batch within a batch");
        }
        return command.test(interrupt, Terminal.none());
    }

    private void print(String json) {
        out.println(json);
        out.flush();
    }
}
