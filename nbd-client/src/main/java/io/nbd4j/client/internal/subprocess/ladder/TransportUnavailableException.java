package io.nbd4j.client.internal.subprocess.ladder;

import io.nbd4j.client.SubprocessTransport;
import java.io.IOException;

/** No child can be started in the way that was asked for. The message says why. */
public final class TransportUnavailableException extends IOException {
    private static final long serialVersionUID = 1L;

    private final SubprocessTransport transport;

    TransportUnavailableException(SubprocessTransport transport, String reason) {
        super("subprocess transport " + RungLadder.nameOf(transport) + " is not available: " + reason);
        this.transport = transport;
    }

    /** Returns what was asked for. */
    public SubprocessTransport transport() {
        return transport;
    }
}
