package io.nbd4j.testkit.internal;

import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.codec.TransmissionFlags;
import org.jspecify.annotations.Nullable;

/** Decides whether a request may be carried out. The errors are those that the specification proposes. */
final class RequestRules {
    private final TransmissionFlags advertised;
    private final SizeConstraints sizes;
    private final long exportSize;
    private final boolean structuredReplies;

    RequestRules(ServedExport export, boolean structuredReplies) {
        this.advertised = export.transmissionFlags(structuredReplies);
        this.sizes = export.sizes();
        this.exportSize = export.export().size();
        this.structuredReplies = structuredReplies;
    }

    /** Returns what is wrong with a request, {@code null} if nothing is. */
    @Nullable
    Refusal check(int flags, CommandType type, long offset, long length) {
        if (!isServed(type)) {
            return Refusal.COMMAND;
        }
        if ((flags & ~allowedFlags(type)) != 0) {
            return Refusal.FLAG;
        }
        if (type == CommandType.FLUSH) {
            return offset == 0 && length == 0 ? null : Refusal.FLUSH_RANGE;
        }
        if (changes(type) && advertised.has(TransmissionFlags.READ_ONLY)) {
            return Refusal.READ_ONLY;
        }
        if (offset < 0 || offset > exportSize || length > exportSize - offset) {
            return type == CommandType.WRITE || type == CommandType.WRITE_ZEROES
                    ? Refusal.WRITE_BEYOND_END
                    : Refusal.BEYOND_END;
        }
        if (((offset | length) & (sizes.minimumBlock() - 1)) != 0) {
            return Refusal.UNALIGNED;
        }
        if (type == CommandType.READ && length > sizes.maximumPayload()) {
            return structuredReplies ? Refusal.LONG_READ : Refusal.LONG_SIMPLE_READ;
        }
        if ((flags & CommandFlag.DF.bit()) != 0 && length > ReadReply.MAX_UNFRAGMENTED) {
            return Refusal.LONG_UNFRAGMENTED_READ;
        }
        if (type == CommandType.WRITE && length > sizes.maximumPayload()) {
            return Refusal.LONG_WRITE;
        }
        return null;
    }

    private static boolean isServed(CommandType type) {
        return switch (type) {
            // TRIM and WRITE_ZEROES are unadvertised only where the export is read-only: the better answer.
            case READ, WRITE, DISC, FLUSH, TRIM, CACHE, WRITE_ZEROES -> true;
            case BLOCK_STATUS, RESIZE, UNKNOWN -> false;
        };
    }

    private static boolean changes(CommandType type) {
        return type == CommandType.WRITE || type == CommandType.TRIM || type == CommandType.WRITE_ZEROES;
    }

    private int allowedFlags(CommandType type) {
        int allowed = advertised.has(TransmissionFlags.SEND_FUA) ? CommandFlag.FUA.bit() : 0;
        if (type == CommandType.READ && advertised.has(TransmissionFlags.SEND_DF)) {
            allowed |= CommandFlag.DF.bit();
        }
        if (type == CommandType.WRITE_ZEROES) {
            allowed |= CommandFlag.NO_HOLE.bit();
            allowed |= advertised.has(TransmissionFlags.SEND_FAST_ZERO) ? CommandFlag.FAST_ZERO.bit() : 0;
        }
        return allowed;
    }

    /** Why a request is refused. */
    enum Refusal {
        COMMAND(NbdError.EINVAL, "unknown or unadvertised command"),
        FLAG(NbdError.EINVAL, "a flag that this command does not have here"),
        FLUSH_RANGE(NbdError.EINVAL, "a flush has neither offset nor length"),
        READ_ONLY(NbdError.EPERM, "the export is read-only"),
        BEYOND_END(NbdError.EINVAL, "beyond the end of the export"),
        WRITE_BEYOND_END(NbdError.ENOSPC, "beyond the end of the export"),
        UNALIGNED(NbdError.EINVAL, "not aligned to the minimum block size"),
        LONG_READ(NbdError.EOVERFLOW, "longer than the maximum payload"),
        LONG_SIMPLE_READ(NbdError.EINVAL, "longer than the maximum payload"),
        LONG_UNFRAGMENTED_READ(NbdError.EOVERFLOW, "too long to be read in one chunk"),
        LONG_WRITE(NbdError.EINVAL, "longer than the maximum payload");

        private final NbdError error;
        private final String message;

        Refusal(NbdError error, String message) {
            this.error = error;
            this.message = message;
        }

        NbdError error() {
            return error;
        }

        String message() {
            return message;
        }
    }
}
