package io.nbd4j.codec.handshake;

import io.nbd4j.codec.TransmissionFlags;

/**
 * The answer to {@code NBD_OPT_EXPORT_NAME}, which is no option reply: it has no magic number, and no form for errors.
 *
 * @param exportSize in bytes, not negative
 * @param transmissionFlags what the export can do
 */
public record ExportNameReply(long exportSize, TransmissionFlags transmissionFlags) {
    /** Checks the size. */
    public ExportNameReply {
        ExportSize.requireValid(exportSize);
    }
}
