package io.nbd4j.testkit.internal;

import io.nbd4j.codec.TransmissionFlags;
import io.nbd4j.codec.transmission.TransmissionMode;
import java.util.List;

/**
 * What the handshake agreed on.
 *
 * @param export what the client chose
 * @param mode the form of requests and replies
 * @param contexts the meta contexts that the client selected for this export
 */
record Agreement(ServedExport export, TransmissionMode mode, List<ServedContext> contexts) {
    Agreement {
        contexts = List.copyOf(contexts);
    }

    TransmissionFlags transmissionFlags() {
        return export.transmissionFlags(mode, !contexts.isEmpty());
    }
}
