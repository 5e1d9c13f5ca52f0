package io.nbd4j.tools.serve;

import io.nbd4j.tools.ToolException;
import java.util.Map;
import java.util.OptionalInt;

/** The protocol by which systemd, or a client that does as systemd does, hands a listening socket over. */
final class SocketActivation {
    /** The sockets are the descriptors from here on. */
    private static final int FIRST_DESCRIPTOR = 3;

    private SocketActivation() {}

    /**
     * Returns the socket that was handed over to this process.
     *
     * @param environment the process's
     * @param pid the process's; variables that are meant for another process, which this one was started by, don't count
     * @throws ToolException if there is more than one socket
     */
    static OptionalInt descriptor(Map<String, String> environment, long pid) {
        String count = environment.get("LISTEN_FDS");
        if (count == null || !String.valueOf(pid).equals(environment.get("LISTEN_PID"))) {
            return OptionalInt.empty();
        }
        if (!count.equals("1")) {
            throw new ToolException("LISTEN_FDS must be 1, for the one socket to serve on, and not '" + count + "'");
        }
        return OptionalInt.of(FIRST_DESCRIPTOR);
    }
}
