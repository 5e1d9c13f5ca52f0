package io.nbd4j.client.internal.subprocess;

import io.nbd4j.client.StderrPolicy;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.util.ArrayList;
import java.util.List;

/**
 * Starts a command with the JDK's {@link ProcessBuilder}, which closes every descriptor but three in the child and runs
 * a script without {@code #!} with the shell.
 *
 * <p>The JDK can't set {@code argv[0]} apart from the file: the child sees the absolute path of its file there, not the
 * command as it was given.
 */
public final class JdkStart {
    private JdkStart() {}

    /** Returns a builder whose stdin and stdout are still to be redirected, and stderr too if it is captured. */
    public static ProcessBuilder prepare(Executable executable) {
        LaunchSpec spec = executable.spec();
        List<String> command = new ArrayList<>(spec.argv());
        command.set(0, executable.file().toString());
        ProcessBuilder builder = new ProcessBuilder(command);
        if (spec.directory() != null) {
            builder.directory(spec.directory().toFile());
        }
        if (!spec.environment().isEmpty()) {
            // Untouched, the environment is handed on as it is, whatever its bytes mean.
            builder.environment().putAll(spec.environment());
        }
        if (spec.stderr() == StderrPolicy.INHERIT) {
            builder.redirectError(Redirect.INHERIT);
        } else if (spec.stderr() == StderrPolicy.DISCARD) {
            builder.redirectError(Redirect.DISCARD);
        }
        return builder;
    }

    /**
     * Starts what was prepared.
     *
     * @throws IOException names the command and what the JDK said; no process is left
     */
    public static Process start(ProcessBuilder builder, Executable executable) throws IOException {
        try {
            return builder.start();
        } catch (IOException e) {
            throw new IOException("could not start " + executable.spec().argv().get(0) + ": " + e.getMessage(), e);
        }
    }
}
