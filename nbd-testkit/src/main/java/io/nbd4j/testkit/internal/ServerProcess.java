package io.nbd4j.testkit.internal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The process of a real server and the temporary directory it lives in. Not for use by several threads at once. */
public final class ServerProcess implements AutoCloseable {
    private static final Duration START_TIMEOUT = Duration.ofSeconds(20);
    private static final Duration END_TIMEOUT = Duration.ofSeconds(10);
    private static final long POLL_NANOS = Duration.ofMillis(2).toNanos();

    private final Path directory;
    private final Thread endWithJvm = new Thread(this::end, "end-test-server");
    private @Nullable ProcessHandle handle;

    private ServerProcess(Path directory) {
        this.directory = directory;
    }

    /** Makes the directory; starts nothing. */
    public static ServerProcess create() {
        try {
            return new ServerProcess(Files.createTempDirectory("nbd4j"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the temporary directory. */
    public Path directory() {
        return directory;
    }

    /** Returns where the server is to make its Unix socket. */
    public Path socket() {
        return directory.resolve("socket");
    }

    /** Returns where the server is to write its process id. */
    public Path pidFile() {
        return directory.resolve("pid");
    }

    /** Returns the server's process id. */
    public long pid() {
        if (handle == null) {
            throw new IllegalStateException("not started");
        }
        return handle.pid();
    }

    /** Returns what the server has written. */
    public String log() {
        try {
            return Files.exists(logFile()) ? Files.readString(logFile()) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Starts a server that stays in the foreground and writes its process id once it listens. So it needs no
     * connection to find out, which the server would count as a client.
     *
     * @throws IllegalStateException if it does not come up; it is closed then
     */
    public void startForeground(List<String> argv) {
        closeOnFailure(() -> {
            Process process = spawn(argv);
            handle = process.toHandle();
            Runtime.getRuntime().addShutdownHook(endWithJvm);
            await(argv, () -> hasPid() || !process.isAlive());
            if (!hasPid()) {
                throw new IllegalStateException(argv + " ended: " + log());
            }
        });
    }

    /** Starts a server that goes to the background. It is up once it accepts a connection on a Unix socket. */
    public void startDaemon(List<String> argv, Path unixSocket) {
        startDaemon(argv, UnixDomainSocketAddress.of(unixSocket));
    }

    /** Starts a server that goes to the background. It is up once it accepts a connection on a loopback port. */
    public void startDaemon(List<String> argv, int port) {
        startDaemon(argv, new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    }

    private void startDaemon(List<String> argv, SocketAddress address) {
        closeOnFailure(() -> {
            Process process = spawn(argv);
            handle = process.toHandle(); // Until it has told who serves.
            Runtime.getRuntime().addShutdownHook(endWithJvm);
            await(argv, () -> hasPid() || (!process.isAlive() && process.exitValue() != 0));
            if (hasPid()) {
                handle = ProcessHandle.of(readPid()).orElse(null);
                await(argv, () -> accepts(address) || handle == null || !handle.isAlive());
            }
            if (handle == null || !handle.isAlive()) {
                throw new IllegalStateException(argv + " ended: " + log());
            }
        });
    }

    private Process spawn(List<String> argv) {
        try {
            return new ProcessBuilder(argv)
                    .redirectErrorStream(true)
                    .redirectInput(
                            ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .redirectOutput(logFile().toFile())
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void await(List<String> argv, BooleanSupplier condition) {
        long deadline = System.nanoTime() + START_TIMEOUT.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                throw new IllegalStateException(argv + " does not come up: " + log());
            }
            if (Thread.currentThread().isInterrupted()) {
                throw new IllegalStateException("interrupted while waiting for " + argv);
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
    }

    private boolean hasPid() {
        return readPid() > 0;
    }

    /** Returns 0 while the file is not there or not yet written to its end. */
    private long readPid() {
        try {
            String text = Files.exists(pidFile()) ? Files.readString(pidFile()) : "";
            return text.endsWith("\n") ? Long.parseLong(text.trim()) : 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean accepts(SocketAddress address) {
        boolean unix = address instanceof UnixDomainSocketAddress;
        try (SocketChannel channel = unix ? SocketChannel.open(StandardProtocolFamily.UNIX) : SocketChannel.open()) {
            return channel.connect(address);
        } catch (IOException e) {
            return false; // Not yet; if it stays so, the deadline or the server's own words tell.
        }
    }

    private Path logFile() {
        return directory.resolve("log");
    }

    private void closeOnFailure(Runnable start) {
        try {
            start.run();
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    @Override
    public void close() {
        end();
        try {
            Runtime.getRuntime().removeShutdownHook(endWithJvm);
        } catch (IllegalStateException e) {
            return; // The JVM ends, the hook runs, and the directory may be in use by what the hook ends.
        }
        deleteDirectory();
    }

    private void end() {
        if (handle == null) {
            return;
        }
        // nbd-server has a process for each client.
        List<ProcessHandle> family =
                Stream.concat(Stream.of(handle), handle.descendants()).toList();
        family.forEach(ProcessHandle::destroy);
        CompletableFuture<?> ended = CompletableFuture.allOf(
                family.stream().map(ProcessHandle::onExit).toArray(CompletableFuture<?>[]::new));
        try {
            ended.orTimeout(END_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS).join();
        } catch (CompletionException e) {
            family.forEach(ProcessHandle::destroyForcibly);
        }
        handle = null;
    }

    private void deleteDirectory() {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
