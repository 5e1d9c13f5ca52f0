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
     * @param atEnd runs when the server is closed, and before the JVM exits
     * @return the exit status, which is up to the JVM after a signal
     */
    static int serve(TestServer.Builder builder, String export, PrintWriter out, Runnable atEnd) {
        try (Interrupt interrupt = Interrupt.install()) {
            try (TestServer server = builder.start()) {
                out.println(server.uri(export));
                out.flush();
                interrupt.raised().join();
            }
            atEnd.run();
        }
        return Interrupt.EXIT_STATUS;
    }
}
