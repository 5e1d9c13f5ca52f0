package io.nbd4j.tools;

import io.nbd4j.client.NbdVersion;
import io.nbd4j.tools.load.LoadCommand;
import io.nbd4j.tools.scale.ScaleCommand;
import io.nbd4j.tools.serve.ServeCommand;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/**
 * The entry point of the {@code nbd} command. A verb that fails exits with 1 and exactly one line on standard error,
 * whether the arguments or the server are to blame; {@code --debug} adds the stack trace and the log.
 */
@Command(
        name = "nbd",
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        versionProvider = Main.Version.class,
        synopsisSubcommandLabel = "COMMAND",
        description = "Tools for NBD (Network Block Device) exports.")
public final class Main implements Runnable {
    private static final int FAILED = 1;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(names = "--debug", scope = ScopeType.INHERIT, description = "Log to standard error, with stack traces.")
    private boolean debug;

    private boolean hasStarted;

    /** Runs the command line, and ends the JVM. */
    public static void main(String[] arguments) {
        Main main = new Main();
        int status = main.execute(
                arguments,
                new PrintWriter(System.out, true, StandardCharsets.UTF_8),
                new PrintWriter(System.err, true, StandardCharsets.UTF_8));
        if (main.hasStarted) {
            System.exit(status);
        }
        // Nothing is there that a shutdown hook would end, and newer JDKs' exit opens every jar in search of a logger.
        Runtime.getRuntime().halt(status);
    }

    /** Runs the command line and returns its exit status. */
    int execute(String[] arguments, PrintWriter out, PrintWriter err) {
        try {
            BracketedCommand split = BracketedCommand.cutOutOf(arguments);
            return commandLine(split, out, err).execute(split.remaining().toArray(String[]::new));
        } catch (ToolException | Error e) {
            err.println("nbd: " + ErrorLine.of(e));
            return FAILED;
        }
    }

    private CommandLine commandLine(BracketedCommand split, PrintWriter out, PrintWriter err) {
        CommandLine commandLine = new CommandLine(this);
        String first = split.remaining().isEmpty() ? "" : split.remaining().get(0);
        verbs(first, new Targets(split.command())).forEach(commandLine::addSubcommand);
        return commandLine
                // An argument is what it is, also if it starts with @.
                .setExpandAtFiles(false)
                .setOut(out)
                .setErr(err)
                .setParameterExceptionHandler(Main::badArguments)
                .setExecutionStrategy(this::start)
                .setExecutionExceptionHandler((failure, command, parsed) -> {
                    command.getErr().println(command.getCommandSpec().qualifiedName() + ": " + ErrorLine.of(failure));
                    if (debug) {
                        failure.printStackTrace(command.getErr());
                    }
                    return FAILED;
                });
    }

    /** Returns the verb of that name, or all: picocli's reflection on the others would delay the start. */
    private static List<Callable<Integer>> verbs(String name, Targets targets) {
        return switch (name) {
            case LoadCommand.NAME -> List.of(new LoadCommand(targets));
            case ServeCommand.NAME -> List.of(new ServeCommand());
            case ScaleCommand.NAME -> List.of(new ScaleCommand());
            default -> List.of(new LoadCommand(targets), new ServeCommand(), new ScaleCommand());
        };
    }

    private int start(ParseResult parsed) {
        Integer printed = CommandLine.executeHelpRequest(parsed);
        if (printed != null) {
            return printed;
        }
        hasStarted = parsed.hasSubcommand();
        Logging.configure(debug);
        return new RunLast().execute(parsed);
    }

    private static int badArguments(ParameterException mistake, String[] arguments) {
        String command = mistake.getCommandLine().getCommandSpec().qualifiedName();
        mistake.getCommandLine()
                .getErr()
                .println(command + ": " + ErrorLine.flatten(String.valueOf(mistake.getMessage())) + " (see " + command
                        + " --help)");
        return FAILED;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }

    /** What {@code --version} prints. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {NbdVersion.packageName() + " " + NbdVersion.version()};
        }
    }
}
