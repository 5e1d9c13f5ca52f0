package io.nbd4j.client.internal.connection;

import io.nbd4j.client.ExportInfo;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.NbdRange;
import io.nbd4j.client.StrictCheck;
import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.codec.TransmissionFlags;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The checks of a command against its export before anything is sent, in the order and with the error values of libnbd's
 * strict mode, as far as it is on. Any thread.
 */
final class RequestValidator {
    /** The flags that the wire has room for. */
    private static final int WIRE_FLAGS = 0xffff;

    private final ExportInfo export;
    private final StrictMode strict;
    private final long alignment;

    RequestValidator(ExportInfo export, StrictMode strict) {
        this.export = export;
        this.strict = strict;
        SizeConstraints constraints = export.constraints();
        this.alignment = constraints == null ? 1 : constraints.minimumBlock();
    }

    /** Returns what is wrong with the command, null if it may be sent. */
    @Nullable
    InvalidRequestException check(CommandType type, int flags, long offset, long length) {
        int checks = strict.bits();
        boolean advertised = StrictMode.has(checks, StrictCheck.COMMANDS);
        int legal = legalFlags(type);
        int unknown = flags & ~(StrictMode.has(checks, StrictCheck.FLAGS) ? legal : WIRE_FLAGS);
        int known = flags & legal;
        String problem;
        NbdError errno = NbdError.EINVAL;
        if (unknown != 0) {
            problem = "a flag that this command does not have: 0x%x".formatted(unknown);
        } else if (advertised && !has(neededFor(type))) {
            problem = "the server does not advertise this command";
        } else if (advertised
                && type == CommandType.BLOCK_STATUS
                && export.metaContexts().isEmpty()) {
            problem = "the server has not selected any meta context";
            errno = NbdError.ENOTSUP;
        } else if (advertised && writes(type) && export.isReadOnly()) {
            problem = "the export is read-only";
            errno = NbdError.EPERM;
        } else if (advertised && isSet(known, CommandFlag.FUA) && !export.canFua()) {
            problem = "the server does not advertise FUA";
        } else if (advertised && isSet(known, CommandFlag.FAST_ZERO) && !export.canFastZero()) {
            problem = "the server does not advertise FAST_ZERO";
        } else if (advertised && isSet(known, CommandFlag.DF) && !export.canDf()) {
            problem = "the server does not advertise DF";
        } else if (advertised && type == CommandType.WRITE && !isPayloadLengthRight(checks, flags)) {
            problem = "PAYLOAD_LEN does not fit the form of the requests";
        } else if (type == CommandType.FLUSH) {
            return null;
        } else if (length == 0 && StrictMode.has(checks, StrictCheck.ZERO_SIZE)) {
            problem = "a length of zero";
        } else {
            return checkPlace(checks, type, offset, length);
        }
        return new InvalidRequestException(problem, errno, type, length == 0 ? null : NbdRange.of(offset, length));
    }

    /** Returns what is wrong with the place of a range, null if it may be sent. */
    private @Nullable InvalidRequestException checkPlace(int checks, CommandType type, long offset, long length) {
        String problem;
        NbdError errno = NbdError.EINVAL;
        if (StrictMode.has(checks, StrictCheck.BOUNDS) && !isWithinExport(offset, length)) {
            problem = "the range is not within the export, whose size is " + export.size();
            errno = writes(type) ? NbdError.ENOSPC : NbdError.EINVAL;
        } else if (length < 0) {
            problem = "a negative length";
        } else if (StrictMode.has(checks, StrictCheck.ALIGN) && (offset % alignment != 0 || length % alignment != 0)) {
            problem = unaligned(offset, length);
        } else {
            return null;
        }
        return new InvalidRequestException(problem, errno, type, length == 0 ? null : NbdRange.of(offset, length));
    }

    /** Returns why a block status in these meta contexts only can't be asked for, null if it can. */
    @Nullable
    InvalidRequestException checkFilter(NbdRange range, Collection<String> contexts) {
        String problem;
        NbdError errno = NbdError.EINVAL;
        List<String> unknown = contexts.stream()
                .filter(context -> !export.canMetaContext(context))
                .toList();
        if (!export.extendedHeaders()) {
            problem = "to choose among the meta contexts needs extended headers";
            errno = NbdError.ENOTSUP;
        } else if (StrictMode.has(strict.bits(), StrictCheck.COMMANDS) && !export.canBlockStatusPayload()) {
            problem = "the server does not advertise that one can choose among the meta contexts";
        } else if (contexts.isEmpty()) {
            problem = "no meta context is named";
        } else if (!unknown.isEmpty()) {
            problem = "the server has not selected " + unknown;
        } else {
            return null;
        }
        return new InvalidRequestException(problem, errno, CommandType.BLOCK_STATUS, range);
    }

    private boolean isWithinExport(long offset, long length) {
        return offset >= 0 && length >= 0 && offset <= export.size() && length <= export.size() - offset;
    }

    /** With extended headers a write has the flag, otherwise nothing has it. The library sees to that unless told otherwise. */
    private boolean isPayloadLengthRight(int checks, int flags) {
        return StrictMode.has(checks, StrictCheck.AUTO_FLAG)
                || isSet(flags, CommandFlag.PAYLOAD_LEN) == export.extendedHeaders();
    }

    private String unaligned(long offset, long length) {
        String problem = "the range is not a multiple of the server's minimum block of " + alignment;
        long reachable = export.size() - export.size() % alignment;
        return offset + length > reachable
                ? problem + "; the last " + (export.size() - reachable) + " bytes of the export are out of reach"
                : problem;
    }

    private boolean has(int transmissionFlag) {
        return export.flags().has(transmissionFlag);
    }

    private static boolean isSet(int flags, CommandFlag flag) {
        return (flags & flag.bit()) != 0;
    }

    private static boolean writes(CommandType type) {
        return type == CommandType.WRITE || type == CommandType.TRIM || type == CommandType.WRITE_ZEROES;
    }

    private static int neededFor(CommandType type) {
        return switch (type) {
            case FLUSH -> TransmissionFlags.SEND_FLUSH;
            case TRIM -> TransmissionFlags.SEND_TRIM;
            case CACHE -> TransmissionFlags.SEND_CACHE;
            case WRITE_ZEROES -> TransmissionFlags.SEND_WRITE_ZEROES;
            case READ, WRITE, DISC, BLOCK_STATUS, RESIZE, UNKNOWN -> 0;
        };
    }

    private static int legalFlags(CommandType type) {
        return switch (type) {
            case WRITE -> CommandFlag.bits(CommandFlag.FUA, CommandFlag.PAYLOAD_LEN);
            case TRIM -> CommandFlag.FUA.bit();
            case WRITE_ZEROES -> CommandFlag.bits(CommandFlag.FUA, CommandFlag.NO_HOLE, CommandFlag.FAST_ZERO);
            case READ -> CommandFlag.DF.bit();
            case BLOCK_STATUS -> CommandFlag.REQ_ONE.bit();
            case DISC, FLUSH, CACHE, RESIZE, UNKNOWN -> 0;
        };
    }
}
