package io.nbd4j.testkit;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Starts {@link StdioServer} in a JVM like this one. */
final class StdioProcess {
    private StdioProcess() {}

    static List<String> command(String... arguments) {
        return JavaProcess.command(StdioServer.class, arguments);
    }

    static ProcessBuilder builder(String... arguments) {
        return new ProcessBuilder(command(arguments)).redirectError(ProcessBuilder.Redirect.INHERIT);
    }

    /** Expects the process to end by itself once its input has. */
    static void end(Process process) throws IOException {
        process.getOutputStream().close();
        try {
            process.onExit().orTimeout(60, TimeUnit.SECONDS).join();
        } finally {
            process.destroyForcibly();
        }
    }
}
