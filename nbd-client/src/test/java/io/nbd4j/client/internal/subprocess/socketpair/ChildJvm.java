package io.nbd4j.client.internal.subprocess.socketpair;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A JVM of its own, like this one, for what a JVM does only once: refuse native access, warn, exit. */
final class ChildJvm {
    private ChildJvm() {}

    /**
     * How it ended.
     *
     * @param output what it wrote to its standard output and error
     */
    record Outcome(int exitValue, String output) {}

    /** Runs {@code main} with this class path. Its output goes through a file, which its own children may keep open. */
    static Outcome run(Path directory, Class<?> main, List<String> options, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        Path output = Files.createTempFile(directory, "child-jvm", ".txt");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        int exitValue = process.waitFor();
        return new Outcome(exitValue, Files.readString(output, StandardCharsets.UTF_8));
    }
}
