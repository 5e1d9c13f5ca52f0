package io.nbd4j.client.contract;

import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.Subprocess;
import io.nbd4j.testkit.RealServer;
import org.jspecify.annotations.Nullable;

/**
 * A server that a client can connect to.
 *
 * @param server null if it is the client that starts it, or if it is no process
 * @param closing ends what was started for it
 */
record Served(NbdTarget target, @Nullable RealServer server, AutoCloseable closing) {
    static Served child(NbdTarget.Command command) {
        return new Served(command, null, () -> {});
    }

    static Served listening(NbdTarget target, RealServer server) {
        return new Served(target, server, server);
    }

    /** Kills the server that {@code client} is connected to. */
    void kill(NbdClient client) {
        long pid = server != null
                ? server.pid()
                : client.subprocess().map(Subprocess::pid).orElseThrow();
        Processes.kill(pid);
    }
}
