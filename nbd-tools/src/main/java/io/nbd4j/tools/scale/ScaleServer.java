package io.nbd4j.tools.scale;

import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.NbdUri;
import io.nbd4j.tools.ToolException;
import io.nbd4j.tools.load.BuiltInServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** {@code nbd serve} in a process of its own, on a Unix socket in a directory of its own. */
final class ScaleServer implements AutoCloseable {
    private static final long END_SECONDS = 10;

    private final Path directory;
    private final Process process;
    private final NbdTarget target;

    private ScaleServer(Path directory, Process process, NbdTarget target) {
        this.directory = directory;
        this.process = process;
        this.target = target;
    }

    /**
     * Starts the server, and waits until it listens.
     *
     * @throws ToolException if it does not come to that
     */
    static ScaleServer start(long diskSize) {
        try {
            Path directory = Files.createTempDirectory("nbd-scale");
            try {
                return start(directory, diskSize);
            } catch (IOException | RuntimeException e) {
                delete(directory);
                throw e;
            }
        } catch (IOException e) {
            throw new ToolException("the server can't be started: " + e.getMessage(), e);
        }
    }

    private static ScaleServer start(Path directory, long diskSize) throws IOException {
        Path errors = errors(directory);
        Process process = BuiltInServer.process(
                        "--memory",
                        String.valueOf(diskSize),
                        "--unix",
                        directory.resolve("socket").toString())
                .redirectError(errors.toFile())
                .start();
        // The end of its output is the end of the process.
        BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
        String uri = output.readLine();
        if (uri == null) {
            process.destroyForcibly();
            throw new ToolException("the server did not start: "
                    + Files.readString(errors).strip().lines().findFirst().orElse("it says nothing"));
        }
        return new ScaleServer(directory, process, NbdTarget.uri(NbdUri.parse(uri)));
    }

    private static Path errors(Path directory) {
        return directory.resolve("errors");
    }

    NbdTarget target() {
        return target;
    }

    /** Ends the process, and deletes what it left. */
    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        try {
            delete(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path directory) throws IOException {
        Files.deleteIfExists(directory.resolve("socket"));
        Files.deleteIfExists(errors(directory));
        Files.deleteIfExists(directory);
    }
}
