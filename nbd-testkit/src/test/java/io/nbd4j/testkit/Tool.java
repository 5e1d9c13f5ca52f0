package io.nbd4j.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Runs programs of other people to their end. */
public final class Tool {
    private Tool() {}

    /** Runs a program that has to succeed and returns all that it wrote. */
    public static String run(String... command) throws IOException, InterruptedException {
        Path log = Files.createTempFile("tool", ".log");
        try {
            int status = status(log, command);
            String output = Files.readString(log);
            assertThat(status).as("%s: %s", command[0], output).isZero();
            return output;
        } finally {
            Files.delete(log);
        }
    }

    /** Runs a program and returns its exit status. */
    public static int status(String... command) throws IOException, InterruptedException {
        Path log = Files.createTempFile("tool", ".log");
        try {
            return status(log, command);
        } finally {
            Files.delete(log);
        }
    }

    private static int status(Path log, String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS))
                    .as("%s ends", command[0])
                    .isTrue();
            return process.exitValue();
        } finally {
            process.destroyForcibly();
        }
    }
}
