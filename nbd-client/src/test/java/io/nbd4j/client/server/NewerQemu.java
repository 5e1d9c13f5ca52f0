package io.nbd4j.client.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nbd4j.testkit.junit.RequiresServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** A qemu-nbd that speaks extended headers, which that of the system may be too old for. */
final class NewerQemu implements AutoCloseable {
    /** Where nbd-testkit's {@code src/test/scripts/newer-servers} unpacks it, relative to the directory in which tests run. */
    private static final String QEMU_NBD = "../nbd-testkit/target/newer-servers/bin/qemu-nbd";

    private final Path directory;
    private final Process process;

    private NewerQemu(Path directory, Process process) {
        this.directory = directory;
        this.process = process;
    }

    /** Serves {@code image} on a Unix socket, for any number of clients. Where it is missing, the test ends. */
    static NewerQemu start(Path image, String... options) {
        requireProgram();
        try {
            Path directory = Files.createTempDirectory("nbd4j");
            List<String> argv = new ArrayList<>(List.of(
                    QEMU_NBD, "-t", "-e", "0", "-k", directory.resolve("socket").toString()));
            argv.add("--pid-file=" + directory.resolve("pid"));
            Collections.addAll(argv, options);
            argv.add(image.toString());
            Process process = new ProcessBuilder(argv)
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve("log").toFile())
                    .start();
            NewerQemu server = new NewerQemu(directory, process);
            // It writes its process id once it listens.
            Awaitility.await()
                    .pollInterval(Duration.ofMillis(5))
                    .until(() -> Files.exists(directory.resolve("pid")) || !process.isAlive());
            assertThat(process.isAlive()).as(() -> server.log()).isTrue();
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void requireProgram() {
        if (!Files.isExecutable(Path.of(QEMU_NBD))) {
            String missing = "run nbd-testkit/src/test/scripts/newer-servers, there is no " + QEMU_NBD;
            assertThat(System.getProperty(RequiresServer.PROPERTY)).as(missing).isNotEqualTo(RequiresServer.REQUIRED);
            assumeTrue(false, missing);
        }
    }

    private String log() {
        try {
            return Files.readString(directory.resolve("log"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path unixSocket() {
        return directory.resolve("socket");
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
            for (String name : List.of("socket", "pid", "log")) {
                Files.deleteIfExists(directory.resolve(name));
            }
            Files.delete(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }
}
