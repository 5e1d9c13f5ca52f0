package io.nbd4j.tools.serve;

import io.nbd4j.testkit.StdioServer;
import io.nbd4j.testkit.TestServer;
import io.nbd4j.testkit.fault.FaultPlan;
import io.nbd4j.tools.SizeConverter;
import io.nbd4j.tools.ToolException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options of {@code nbd serve}. */
@Command(
        name = ServeCommand.NAME,
        sortOptions = false,
        customSynopsis = {"nbd serve --memory SIZE|--file PATH|--pattern SIZE [OPTIONS]"},
        header = "Serves an export until it is interrupted: for trying clients out, not for keeping data.",
        description = {
            "",
            "Prints the URI of the export once it can be reached. By default that is TCP port "
                    + ServeCommand.DEFAULT_PORT + " on 127.0.0.1, or the socket that systemd (or a client that does as"
                    + " systemd does) hands over. SIZE takes the suffixes k, m, g and t (powers of 1024).",
            "",
        },
        footer = {
            "",
            "Exit status: 1 if there is nothing that can be served, or nowhere to do it; 130 after Ctrl-C, 143 after"
                    + " SIGTERM. --stdio exits with 0 once the client has gone.",
            "",
            "  nbd serve --memory 1t --unix /tmp/sock",
            "  nbd serve --file disk.img --read-only --port 0",
        })
public final class ServeCommand implements Callable<Integer> {
    /** The word on the command line. */
    public static final String NAME = "serve";

    /** The one that is registered for NBD. */
    static final int DEFAULT_PORT = 10809;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @ArgGroup(multiplicity = "1")
    private Content content = new Content();

    @ArgGroup
    private Place place = new Place();

    @Option(
            names = "--size",
            paramLabel = "SIZE",
            converter = SizeConverter.class,
            description = "Serve only the first SIZE bytes of the file.")
    private @Nullable Long fileSize;

    @ArgGroup(exclusive = false)
    private @Nullable TlsOptions tls;

    @Option(names = "--read-only", description = "Refuse writes.")
    private boolean readOnly;

    @Option(
            names = "--export",
            paramLabel = "NAME",
            defaultValue = "",
            description =
                    "The name of the export; empty by default, which is the name that clients ask for by default.")
    private String name = "";

    @Option(
            names = "--description",
            paramLabel = "TEXT",
            defaultValue = "",
            description = "What the export is, for people who list it.")
    private String description = "";

    @Option(
            names = "--fault",
            paramLabel = "RULE",
            description =
                    "Go wrong on purpose, such as \"on READ nth 5: refuse EIO\". May be given several times. Rules that"
                            + " have done nothing are named at the end.")
    private List<String> faults = List.of();

    /** What is served. */
    static final class Content {
        @Option(
                names = "--memory",
                paramLabel = "SIZE",
                converter = SizeConverter.class,
                description = "Serve a sparse disk of SIZE bytes in memory, of zeroes at first.")
        private @Nullable Long memory;

        @Option(names = "--file", paramLabel = "PATH", description = "Serve a file or a block device.")
        private @Nullable Path file;

        @Option(
                names = "--pattern",
                paramLabel = "SIZE",
                converter = SizeConverter.class,
                description = "Serve a read-only disk of SIZE bytes, of which each 8 hold their own offset.")
        private @Nullable Long pattern;
    }

    /** Where it is served. */
    static final class Place {
        @Option(names = "--unix", paramLabel = "PATH", description = "Listen on a Unix socket, which must not exist.")
        private @Nullable Path unix;

        @Option(
                names = "--port",
                paramLabel = "N",
                description = "Listen on a TCP port of 127.0.0.1, " + DEFAULT_PORT + " by default; 0 takes a free one.")
        private @Nullable Integer port;

        @Option(names = "--stdio", description = "Speak NBD on stdin and stdout, with one client.")
        private boolean stdio;
    }

    @Override
    public Integer call() {
        try (ServedDisk disk = disk()) {
            FaultPlan plan = FaultPlan.parse(faults.toArray(String[]::new));
            TestServer.Builder server = TestServer.builder()
                    .export(name, disk.export(), description)
                    .faults(plan);
            if (tls != null) {
                server.tls(tls.mode(), TlsContext.of(tls));
            }
            if (place.stdio) {
                StdioServer.serve(server);
                nameUnused(plan);
                return 0;
            }
            return Foreground.serve(listening(server), name, spec.commandLine().getOut(), () -> nameUnused(plan));
        } catch (IllegalArgumentException | UncheckedIOException e) {
            throw new ToolException(String.valueOf(e.getMessage()), e);
        }
    }

    private void nameUnused(FaultPlan plan) {
        for (String rule : plan.unusedRules()) {
            spec.commandLine().getErr().println(spec.qualifiedName() + ": this fault did nothing: " + rule);
        }
    }

    private ServedDisk disk() {
        if (content.file != null) {
            return ServedDisk.file(content.file, fileSize, readOnly);
        }
        if (fileSize != null) {
            throw new ToolException("--size is for --file");
        }
        return content.memory == null
                ? ServedDisk.pattern(Objects.requireNonNull(content.pattern))
                : ServedDisk.memory(content.memory, readOnly);
    }

    private TestServer.Builder listening(TestServer.Builder server) {
        if (place.unix != null) {
            return server.unixSocket(place.unix);
        }
        if (place.port != null) {
            return server.tcp(place.port);
        }
        OptionalInt handedOver = SocketActivation.descriptor(
                System.getenv(), ProcessHandle.current().pid());
        return handedOver.isPresent() ? server.adoptedSocket(handedOver.getAsInt()) : server.tcp(DEFAULT_PORT);
    }
}
