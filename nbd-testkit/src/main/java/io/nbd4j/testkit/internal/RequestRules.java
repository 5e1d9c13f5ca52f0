package io.nbd4j.testkit.internal;

import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.ProtocolLimits;
import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.codec.TransmissionFlags;
import io.nbd4j.codec.transmission.TransmissionMode;
import org.jspecify.annotations.Nullable;

/** Decides whether a request may be carried out. The errors are those that the specification proposes. */
final class RequestRules {
    private final TransmissionFlags advertised;
    private final SizeConstraints sizes;
    private final long exportSize;
    private final TransmissionMode mode;
    private final boolean contexts;

    RequestRules(Agreement agreement) {
        this.advertised = agreement.transmissionFlags();
        this.sizes = agreement.export().sizes();
        this.exportSize = agreement.export().export().size();
        this.mode = agreement.mode();
        this.contexts = !agreement.contexts().isEmpty();
    }

    /**
     * Returns whether a payload is so long that the client is hung up on. Compact headers say less than would be worth
     * it.
     */
    boolean isExcessive(long payloadLength) {
        return mode == TransmissionMode.EXTENDED
                && payloadLength > Math.max(ProtocolLimits.DEFAULT_MAXIMUM_PAYLOAD, sizes.maximumPayload());
    }

    /**
     * Returns what is wrong with a request, {@code null} if nothing is. The range of a block status request with a filter
     * is not known yet.
     *
     * @param offset unsigned
     * @param length unsigned
     */
    @Nullable
    Refusal check(int flags, CommandType type, long offset, long length) {
        Refusal refusal = checkCommand(type);
        if (refusal != null) {
            return refusal;
        }
        if ((flags & ~allowedFlags(type)) != 0) {
            return Refusal.FLAG;
        }
        if (type == CommandType.FLUSH) {
            return offset == 0 && length == 0 ? null : Refusal.FLUSH_RANGE;
        }
        boolean filter = type == CommandType.BLOCK_STATUS && (flags & CommandFlag.PAYLOAD_LEN.bit()) != 0;
        return filter ? null : checkRange(flags, type, offset, length);
    }

    /** Returns what is wrong with the range of a request, {@code null} if nothing is. */
    @Nullable
    Refusal checkRange(int flags, CommandType type, long offset, long length) {
        if (offset < 0 || length < 0 || offset > exportSize || length > exportSize - offset) {
            return type == CommandType.WRITE || type == CommandType.WRITE_ZEROES
                    ? Refusal.WRITE_BEYOND_END
                    : Refusal.BEYOND_END;
        }
        if (((offset | length) & (sizes.minimumBlock() - 1)) != 0) {
            return Refusal.UNALIGNED;
        }
        return switch (type) {
            case READ -> checkReadLength(flags, length);
            case WRITE -> length > sizes.maximumPayload() ? Refusal.LONG_WRITE : null;
            case BLOCK_STATUS -> length == 0 ? Refusal.STATUS_OF_NOTHING : null;
            default -> null;
        };
    }

    private @Nullable Refusal checkReadLength(int flags, long length) {
        if (length > sizes.maximumPayload()) {
            return mode == TransmissionMode.SIMPLE ? Refusal.LONG_SIMPLE_READ : Refusal.LONG_READ;
        }
        boolean unfragmented = (flags & CommandFlag.DF.bit()) != 0;
        return unfragmented && length > ReadReply.MAX_UNFRAGMENTED ? Refusal.LONG_UNFRAGMENTED_READ : null;
    }

    private @Nullable Refusal checkCommand(CommandType type) {
        return switch (type) {
            case READ, DISC -> null;
            case WRITE -> readOnly() ? Refusal.READ_ONLY : null;
            case TRIM -> checkChange(TransmissionFlags.SEND_TRIM);
            case WRITE_ZEROES -> checkChange(TransmissionFlags.SEND_WRITE_ZEROES);
            case FLUSH -> advertised.has(TransmissionFlags.SEND_FLUSH) ? null : Refusal.COMMAND;
            case CACHE -> advertised.has(TransmissionFlags.SEND_CACHE) ? null : Refusal.COMMAND;
            case BLOCK_STATUS -> contexts ? null : Refusal.NO_CONTEXT;
            case RESIZE, UNKNOWN -> Refusal.COMMAND;
        };
    }

    private @Nullable Refusal checkChange(int flag) {
        // Where the export is read-only, the command is not advertised either; the first is the better answer.
        if (readOnly()) {
            return Refusal.READ_ONLY;
        }
        return advertised.has(flag) ? null : Refusal.COMMAND;
    }

    private boolean readOnly() {
        return advertised.has(TransmissionFlags.READ_ONLY);
    }

    private int allowedFlags(CommandType type) {
        int allowed = advertised.has(TransmissionFlags.SEND_FUA) ? CommandFlag.FUA.bit() : 0;
        return allowed
                | switch (type) {
                    case READ -> advertised.has(TransmissionFlags.SEND_DF) ? CommandFlag.DF.bit() : 0;
                    case WRITE -> mode == TransmissionMode.EXTENDED ? CommandFlag.PAYLOAD_LEN.bit() : 0;
                    case WRITE_ZEROES ->
                        CommandFlag.NO_HOLE.bit()
                                | (advertised.has(TransmissionFlags.SEND_FAST_ZERO) ? CommandFlag.FAST_ZERO.bit() : 0);
                    case BLOCK_STATUS ->
                        CommandFlag.REQ_ONE.bit()
                                | (advertised.has(TransmissionFlags.BLOCK_STATUS_PAYLOAD)
                                        ? CommandFlag.PAYLOAD_LEN.bit()
                                        : 0);
                    default -> 0;
                };
    }

    /** Why a request is refused. */
    enum Refusal {
        COMMAND(NbdError.EINVAL, "unknown or unadvertised command"),
        FLAG(NbdError.EINVAL, "a flag that this command does not have here"),
        FLUSH_RANGE(NbdError.EINVAL, "a flush has neither offset nor length"),
        NO_CONTEXT(NbdError.EINVAL, "no meta context was agreed on"),
        STATUS_OF_NOTHING(NbdError.EINVAL, "the status of no bytes"),
        FILTER(NbdError.EINVAL, "the filter is too long or too short, or names a context twice or an unknown one"),
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
