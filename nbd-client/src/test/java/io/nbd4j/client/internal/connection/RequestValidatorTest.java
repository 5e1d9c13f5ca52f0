package io.nbd4j.client.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.ExportInfo;
import io.nbd4j.client.InvalidRequestException;
import io.nbd4j.client.StrictCheck;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.SizeConstraints;
import io.nbd4j.codec.TransmissionFlags;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The checks of libnbd's strict mode: flags, features, zero, bounds, alignment, in this order. */
class RequestValidatorTest {
    private static final int ALL = Rig.ALL_FLAGS;
    private static final long SIZE = 65537;

    @ParameterizedTest
    @CsvSource(nullValues = "-", textBlock = """
                    # command, flags, offset, length, expected error, part of its message
                    READ,  0, 0, 65536, -, -
                    READ,  0, 61440, 4096, -, -
                    WRITE, 1, 4096, 4096, -, -
                    READ,  4, 0, 4096, -, -
                    TRIM,  1, 0, 4096, -, -
                    WRITE_ZEROES, 19, 0, 4096, -, -
                    CACHE, 0, 0, 4096, -, -
                    FLUSH, 0, 0, 0, -, -

                    # flags that the command does not have
                    READ,  1, 0, 4096, EINVAL, 0x1
                    READ,  8, 0, 4096, EINVAL, 0x8
                    WRITE, 4, 0, 4096, EINVAL, 0x4
                    WRITE, 2, 0, 4096, EINVAL, 0x2
                    WRITE, 16, 0, 4096, EINVAL, 0x10
                    TRIM,  3, 0, 4096, EINVAL, 0x2
                    CACHE, 1, 0, 4096, EINVAL, 0x1
                    FLUSH, 1, 0, 0, EINVAL, 0x1
                    WRITE_ZEROES, 32, 0, 4096, EINVAL, 0x20
                    WRITE, 65536, 0, 4096, EINVAL, 0x10000

                    # a length of zero, before bounds
                    READ,  0, 70000, 0, EINVAL, zero
                    WRITE, 0, -1, 0, EINVAL, zero
                    TRIM,  0, 1, 0, EINVAL, zero

                    # bounds, before alignment
                    READ,  0, 65536, 4096, EINVAL, not within
                    CACHE, 0, 65536, 4096, EINVAL, not within
                    WRITE, 0, 65536, 4096, ENOSPC, not within
                    TRIM,  0, 1, 65537, ENOSPC, not within
                    WRITE_ZEROES, 0, 65538, 1, ENOSPC, not within
                    READ,  0, -4096, 4096, EINVAL, not within
                    READ,  0, 0, -4096, EINVAL, not within
                    READ,  0, 9223372036854775807, 9223372036854775807, EINVAL, not within
                    WRITE, 0, 4096, 9223372036854775807, ENOSPC, not within
                    WRITE, 0, -9223372036854775808, 4096, ENOSPC, not within

                    # alignment
                    READ,  0, 1, 4096, EINVAL, minimum block
                    READ,  0, 0, 4097, EINVAL, minimum block
                    WRITE, 0, 512, 512, EINVAL, minimum block
                    TRIM,  0, 4096, 1, EINVAL, minimum block
                    CACHE, 0, 4096, 1, EINVAL, minimum block
                    READ,  0, 65536, 1, EINVAL, out of reach
                    """)
    void checksAgainstAnExportThatCanEverything(
            CommandType type, int flags, long offset, long length, @Nullable NbdError errno, @Nullable String message) {
        check(StrictCheck.all(), ALL, type, flags, offset, length, errno, message);
    }

    @ParameterizedTest
    @CsvSource(nullValues = "-", textBlock = """
                    # flags of the export, command, flags, length, expected error, part of its message
                    1,   READ,  0, 4096, -, -
                    1,   WRITE, 0, 4096, -, -
                    1,   FLUSH, 0, 0, EINVAL, advertise this command
                    1,   TRIM,  0, 4096, EINVAL, advertise this command
                    1,   CACHE, 0, 4096, EINVAL, advertise this command
                    1,   WRITE_ZEROES, 0, 4096, EINVAL, advertise this command
                    1,   WRITE, 1, 4096, EINVAL, FUA
                    1,   READ,  4, 4096, EINVAL, DF
                    129, READ,  4, 4096, -, -
                    33,  TRIM,  1, 4096, EINVAL, FUA
                    65,  WRITE_ZEROES, 1, 4096, EINVAL, FUA
                    65,  WRITE_ZEROES, 2, 4096, -, -
                    65,  WRITE_ZEROES, 16, 4096, EINVAL, FAST_ZERO
                    # flags of the command come first, then whether it exists, then read-only, then its flags' features
                    1,   TRIM,  2, 4096, EINVAL, 0x2
                    3,   TRIM,  1, 4096, EINVAL, advertise this command
                    3,   WRITE, 0, 4096, EPERM, read-only
                    3,   WRITE, 1, 0, EPERM, read-only
                    35,  TRIM,  1, 4096, EPERM, read-only
                    67,  WRITE_ZEROES, 16, 4096, EPERM, read-only
                    3,   READ,  0, 4096, -, -
                    7,   FLUSH, 0, 0, -, -
                    1,   WRITE, 1, 0, EINVAL, FUA
                    # whether there is a meta context, behind the flags and before the range
                    1,   BLOCK_STATUS, 0, 4096, ENOTSUP, meta context
                    1,   BLOCK_STATUS, 8, 0, ENOTSUP, meta context
                    1,   BLOCK_STATUS, 4, 4096, EINVAL, 0x4
                    """)
    void checksWhatTheExportCanDo(
            int exportFlags,
            CommandType type,
            int flags,
            long length,
            @Nullable NbdError errno,
            @Nullable String message) {
        check(StrictCheck.all(), exportFlags, type, flags, 0, length, errno, message);
    }

    @ParameterizedTest
    @CsvSource(nullValues = "-", textBlock = """
                    # check that is off, flags of the export, command, flags, offset, length, expected error, part of its message
                    COMMANDS, 1, FLUSH, 0, 0, 0, -, -
                    COMMANDS, 1, TRIM,  1, 0, 4096, -, -
                    COMMANDS, 1, CACHE, 0, 0, 4096, -, -
                    COMMANDS, 1, WRITE_ZEROES, 19, 0, 4096, -, -
                    COMMANDS, 3, WRITE, 1, 0, 4096, -, -
                    COMMANDS, 1, READ,  4, 0, 4096, -, -
                    COMMANDS, 1, WRITE, 32, 0, 4096, -, -
                    COMMANDS, 1, TRIM,  2, 0, 4096, EINVAL, 0x2
                    COMMANDS, 1, TRIM,  0, 0, 0, EINVAL, zero
                    FLAGS, 3581, READ,  65535, 0, 4096, -, -
                    FLAGS, 3581, FLUSH, 32768, 0, 0, -, -
                    FLAGS, 3581, READ,  65536, 0, 4096, EINVAL, 0x10000
                    FLAGS, 3581, FLUSH, -2147483648, 0, 0, EINVAL, 0x80000000
                    # a flag that the command does not have needs no advertisement
                    FLAGS, 1, READ,  17, 0, 4096, -, -
                    FLAGS, 1, READ,  4, 0, 4096, EINVAL, DF
                    FLAGS, 1, TRIM,  64, 0, 4096, EINVAL, advertise this command
                    BOUNDS, 3581, READ,  0, 65536, 4096, -, -
                    BOUNDS, 3581, WRITE, 0, -4096, 4096, -, -
                    BOUNDS, 3581, TRIM,  0, 0, 9223372036854771712, -, -
                    BOUNDS, 3581, READ,  0, -1, 4096, EINVAL, minimum block
                    BOUNDS, 3581, READ,  0, 65536, 0, EINVAL, zero
                    BOUNDS, 3581, TRIM,  0, 0, -4096, EINVAL, negative
                    ZERO_SIZE, 3581, READ,  0, 0, 0, -, -
                    ZERO_SIZE, 3581, WRITE, 0, 4096, 0, -, -
                    ZERO_SIZE, 3581, TRIM,  0, 65537, 0, EINVAL, minimum block
                    ZERO_SIZE, 3581, TRIM,  0, 65538, 0, ENOSPC, not within
                    ZERO_SIZE, 3581, READ,  0, 1, 0, EINVAL, minimum block
                    ALIGN, 3581, READ,  0, 1, 1, -, -
                    ALIGN, 3581, READ,  0, 65536, 1, -, -
                    ALIGN, 3581, WRITE, 0, 65536, 2, ENOSPC, not within
                    AUTO_FLAG, 3581, WRITE, 0, 0, 4096, -, -
                    AUTO_FLAG, 3581, WRITE, 32, 0, 4096, EINVAL, PAYLOAD_LEN
                    AUTO_FLAG, 3581, READ,  32, 0, 4096, EINVAL, 0x20
                    """)
    void eachCheckCanBeOff(
            StrictCheck off,
            int exportFlags,
            CommandType type,
            int flags,
            long offset,
            long length,
            @Nullable NbdError errno,
            @Nullable String message) {
        check(StrictCheck.allBut(off), exportFlags, type, flags, offset, length, errno, message);
    }

    @Test
    void aChangedStrictModeHoldsFromTheNextCommandOn() {
        // Given
        StrictMode strict = new StrictMode(StrictCheck.all());
        RequestValidator validator = new RequestValidator(export(ALL), strict);

        // When // Then
        assertThat(validator.check(CommandType.READ, 0, 1, 1)).isNotNull();
        strict.set(StrictCheck.allBut(StrictCheck.ALIGN));
        assertThat(validator.check(CommandType.READ, 0, 1, 1)).isNull();
        assertThat(strict.get())
                .containsExactlyInAnyOrderElementsOf(EnumSet.complementOf(EnumSet.of(StrictCheck.ALIGN)));
        strict.set(StrictCheck.all());
        assertThat(validator.check(CommandType.READ, 0, 1, 1)).isNotNull();
    }

    private static void check(
            Set<StrictCheck> checks,
            int exportFlags,
            CommandType type,
            int flags,
            long offset,
            long length,
            @Nullable NbdError errno,
            @Nullable String message) {
        // Given
        RequestValidator validator = new RequestValidator(export(exportFlags), new StrictMode(checks));

        // When
        InvalidRequestException problem = validator.check(type, flags, offset, length);

        // Then
        if (errno == null) {
            assertThat(problem).isNull();
        } else {
            assertThat(problem)
                    .isNotNull()
                    .hasMessageContaining(message)
                    .returns(errno, InvalidRequestException::errno)
                    .returns(type, InvalidRequestException::command);
        }
    }

    private static ExportInfo export(int flags) {
        return new ExportInfo(
                "",
                SIZE,
                new TransmissionFlags(flags),
                new SizeConstraints(4096, 4096, 1 << 20),
                true,
                false,
                List.of(),
                ExportInfo.Protocol.NEWSTYLE_FIXED,
                null,
                null);
    }
}
