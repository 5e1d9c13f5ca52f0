package io.nbd4j.codec.handshake;

import io.nbd4j.codec.TransmissionFlags;

/**
 * The greeting of a server that serves one export and negotiates nothing: transmission follows at once.
 *
 * @param exportSize in bytes, not negative
 * @param transmissionFlags what the export can do
 */
public record OldstyleGreeting(long exportSize, TransmissionFlags transmissionFlags) implements Greeting {
    /** Checks the size. */
    public OldstyleGreeting {
        ExportSize.requireValid(exportSize);
    }

    @Override
    public Kind kind() {
        return Kind.OLDSTYLE;
    }
}
