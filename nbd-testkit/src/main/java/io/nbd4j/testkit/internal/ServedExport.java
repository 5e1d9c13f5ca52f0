package io.nbd4j.testkit.internal;

import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.codec.TransmissionFlags;
import io.nbd4j.testkit.Export;

/**
 * An export as clients see it.
 *
 * @param name as asked for by clients, empty for the default export
 * @param description a text for humans, maybe empty
 * @param export what is served
 * @param sizes what requests have to respect
 * @param holes whether structured replies to reads name holes instead of sending their zeroes
 */
public record ServedExport(String name, String description, Export export, SizeConstraints sizes, boolean holes) {
    private static final int ALWAYS = TransmissionFlags.HAS_FLAGS
            | TransmissionFlags.SEND_FLUSH
            | TransmissionFlags.SEND_FUA
            | TransmissionFlags.SEND_CACHE
            | TransmissionFlags.CAN_MULTI_CONN;
    private static final int WRITABLE = TransmissionFlags.SEND_TRIM | TransmissionFlags.SEND_WRITE_ZEROES;

    /** Returns what a client may use. */
    TransmissionFlags transmissionFlags(boolean structuredReplies) {
        int flags = ALWAYS | (structuredReplies ? TransmissionFlags.SEND_DF : 0);
        if (export.isReadOnly()) {
            return new TransmissionFlags(flags | TransmissionFlags.READ_ONLY);
        }
        return new TransmissionFlags(flags | WRITABLE | (export.isZeroFast() ? TransmissionFlags.SEND_FAST_ZERO : 0));
    }
}
