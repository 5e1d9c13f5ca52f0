package io.nbd4j.tools.serve;

import io.nbd4j.testkit.TestServer;
import io.nbd4j.tools.Interrupt;
import java.io.PrintWriter;

/** Serves until Ctrl-C or SIGTERM. */
final class Foreground {
    private Foreground() {}

    /**
     * Starts a server, prints the URI of its export, and closes it at the interrupt: no socket is left behind.
     *
     * @return the exit status, which is up to the JVM after a signal
     */
    static int serve(TestServer.Builder builder, String export, PrintWriter out) {
        try (Interrupt interrupt = Interrupt.install();
                TestServer server = builder.start()) {
            out.println(server.uri(export));
            out.flush();
            interrupt.raised().join();
        }
        return Interrupt.EXIT_STATUS;
    }
}
