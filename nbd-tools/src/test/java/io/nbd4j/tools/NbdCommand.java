package io.nbd4j.tools;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** The {@code nbd} command in a JVM of its own, as the launcher starts it, but for the archive. */
public final class NbdCommand {
    private static final long TIMEOUT_SECONDS = 120;

    private final Process process;
    private final Path out;
    private final Path err;

    private NbdCommand(Process process, Path out, Path err) {
        this.process = process;
        this.out = out;
        this.err = err;
    }

    /** What the command left behind. */
    public record Result(int status, String out, String err) {}

    /** Runs the command to its end. */
    public static Result run(Path directory, String... arguments) throws IOException, InterruptedException {
        return start(directory, arguments).await();
    }

    /** Starts the command. Its output goes to files in {@code directory}. */
    public static NbdCommand start(Path directory, String... arguments) throws IOException {
        return startArgv(directory, argv(List.of(), arguments));
    }

    /** Starts a command line that {@link #argv} is a part of. */
    public static NbdCommand startArgv(Path directory, List<String> argv) throws IOException {
        return startArgv(directory, argv, Path.of("/dev/null"));
    }

    /** Starts a command line that {@link #argv} is a part of, with a file as its standard input. */
    public static NbdCommand startArgv(Path directory, List<String> argv, Path in) throws IOException {
        Path out = Files.createTempFile(directory, "out", "");
        Path err = Files.createTempFile(directory, "err", "");
        Process process = new ProcessBuilder(argv)
                .redirectInput(in.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        return new NbdCommand(process, out, err);
    }

    /** Returns the command line. SIGINT is as the terminal has it, also where a script's {@code &} made it ignored. */
    public static List<String> argv(List<String> jvmOptions, String... arguments) {
        List<String> argv = new ArrayList<>(List.of(
                "env",
                "--default-signal=INT",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+IgnoreUnrecognizedVMOptions",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow"));
        argv.addAll(jvmOptions);
        String classPath = System.getProperty("java.class.path");
        argv.addAll(List.of("-Xbootclasspath/a:" + picocli(classPath), "-cp", classPath, "io.nbd4j.tools.Main"));
        argv.addAll(List.of(arguments));
        return argv;
    }

    private static String picocli(String classPath) {
        return Stream.of(classPath.split(File.pathSeparator, -1))
                .filter(jar -> Path.of(jar).getFileName().toString().startsWith("picocli-"))
                .findFirst()
                .orElseThrow();
    }

    /** Waits for the end, and kills a command that does not come to it. */
    public Result await() throws IOException, InterruptedException {
        if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
            throw new AssertionError("no end after " + TIMEOUT_SECONDS + " s; it wrote: " + Files.readString(out)
                    + Files.readString(err));
        }
        return new Result(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    /** Waits for the first line of output, and returns it. */
    public String firstLine() throws IOException {
        Awaitility.await().atMost(TIMEOUT_SECONDS, TimeUnit.SECONDS).until(() -> hasLine() || !process.isAlive());
        if (!hasLine()) {
            throw new AssertionError("it ended with " + process.exitValue() + ": " + Files.readString(err));
        }
        return Files.readString(out).lines().findFirst().orElseThrow();
    }

    private boolean hasLine() throws IOException {
        return Files.readString(out).contains("\n");
    }

    /** Returns the JVM's process. */
    public ProcessHandle process() {
        return process.toHandle();
    }

    /** Sends SIGINT to a process, as a terminal does. */
    public static void interrupt(ProcessHandle process) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-INT", String.valueOf(process.pid()))
                .inheritIO()
                .start()
                .waitFor();
    }
}
