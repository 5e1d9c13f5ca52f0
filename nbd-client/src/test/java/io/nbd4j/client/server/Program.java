package io.nbd4j.client.server;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Another program, which is run to its end: it prepares images, or bears witness. */
public final class Program {
    private Program() {}

    /** Returns what it wrote. It must succeed. */
    public static String run(String... argv) {
        try {
            Path output = Files.createTempFile("nbd4j", ".output");
            try {
                Process process = new ProcessBuilder(argv)
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
                boolean ended = process.waitFor(30, TimeUnit.SECONDS);
                String text = Files.readString(output, StandardCharsets.UTF_8);
                if (!ended) {
                    process.destroyForcibly();
                    throw new AssertionError(argv[0] + " does not end: " + text);
                }
                if (process.exitValue() != 0) {
                    throw new AssertionError(argv[0] + " failed with status " + process.exitValue() + ": " + text);
                }
                return text;
            } finally {
                Files.delete(output);
            }
        } catch (IOException e) {
            throw new AssertionError(argv[0], e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(argv[0], e);
        }
    }
}
