package io.nbd4j.tools.serve;

import io.nbd4j.testkit.Export;
import io.nbd4j.testkit.MemoryExport;
import io.nbd4j.testkit.ReadOnlyExport;
import io.nbd4j.testkit.StdioServer;
import io.nbd4j.testkit.TestServer;
import io.nbd4j.tools.SizeConverter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The options of {@code nbd serve}. */
@Command(
        name = "serve",
        sortOptions = false,
        header = "Serves an export to one client, until that goes away.",
        description = "The server of the testkit: for trying clients out, not for keeping data.")
public final class ServeCommand implements Callable<Integer> {
    // The only way to be reached so far; named, so that others can follow.
    @Option(names = "--stdio", required = true, description = "Speak NBD on stdin and stdout.")
    @SuppressWarnings("UnusedVariable") // required, so it is true
    private boolean stdio;

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            required = true,
            converter = SizeConverter.class,
            description = "Serve a disk of SIZE bytes in memory; k, m and g are powers of 1024.")
    private long size;

    @Option(names = "--read-only", description = "Refuse writes.")
    private boolean readOnly;

    @Override
    public Integer call() {
        Export disk = MemoryExport.ofSize(size);
        StdioServer.serve(TestServer.builder().export("", readOnly ? new ReadOnlyExport(disk) : disk));
        return 0;
    }
}
