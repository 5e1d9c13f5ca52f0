package io.nbd4j.client.contract;

import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.SubprocessTransport;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A JVM of its own that is connected to a child of its own, and ends without closing the handle. */
final class OtherJvm implements AutoCloseable {
    private final Process process;
    private final Path stderr;
    private final long childPid;
    private final String socket;

    private OtherJvm(SubprocessTransport transport, List<String> command, String stay) throws IOException {
        // SIGINT is ignored by what a shell has started in the background, and so by what that starts.
        List<String> argv = new ArrayList<>(List.of("env", "--default-signal=INT"));
        argv.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        argv.addAll(List.of(
                "-XX:+IgnoreUnrecognizedVMOptions",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-Dorg.slf4j.simpleLogger.log.io.nbd4j.client.stderr=debug",
                "-cp",
                System.getProperty("java.class.path"),
                JvmWithChild.class.getName(),
                transport.name(),
                stay));
        argv.addAll(command);
        stderr = Files.createTempFile("nbd4j", ".stderr");
        process = new ProcessBuilder(argv).redirectError(stderr.toFile()).start();
        BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
        String line = out.readLine();
        if (line == null) {
            AssertionError failure = new AssertionError("the other JVM is not connected: " + stderr());
            close();
            throw failure;
        }
        childPid = Long.parseLong(line);
        socket = out.readLine();
    }

    /** Starts a JVM whose main method returns once it is connected. */
    static OtherJvm thatExits(NbdTarget.Command command) throws IOException {
        return new OtherJvm(command.transport(), command.argv(), "exit");
    }

    /** Starts a JVM that stays connected. */
    static OtherJvm thatStays(NbdTarget.Command command) throws IOException {
        return new OtherJvm(command.transport(), command.argv(), JvmWithChild.STAY);
    }

    /** Starts a JVM whose main method returns once it is connected to a server that it has given a socket. */
    static OtherJvm thatExits(NbdTarget.SocketActivation command) throws IOException {
        return new OtherJvm(SubprocessTransport.SOCKET_ACTIVATION, command.argv(), "exit");
    }

    /** Starts a JVM that stays connected to a server that it has given a socket. */
    static OtherJvm thatStays(NbdTarget.SocketActivation command) throws IOException {
        return new OtherJvm(SubprocessTransport.SOCKET_ACTIVATION, command.argv(), JvmWithChild.STAY);
    }

    long pid() {
        return process.pid();
    }

    long childPid() {
        return childPid;
    }

    /** Returns where the server listens. */
    Path socket() {
        return Path.of(socket);
    }

    String stderr() throws IOException {
        return Files.readString(stderr);
    }

    int waitForExit() throws InterruptedException {
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
            throw new AssertionError("the other JVM does not end");
        }
        return process.exitValue();
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        process.onExit().orTimeout(30, TimeUnit.SECONDS).join();
        Files.delete(stderr);
    }
}
