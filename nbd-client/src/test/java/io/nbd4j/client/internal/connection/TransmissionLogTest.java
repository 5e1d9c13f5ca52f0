package io.nbd4j.client.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.CommandRefusedException;
import io.nbd4j.client.NbdRange;
import io.nbd4j.client.internal.logging.RecordingLogger;
import io.nbd4j.codec.CommandType;
import org.junit.jupiter.api.Test;
import org.slf4j.event.Level;

/** The lines about requests and replies. */
class TransmissionLogTest {
    @Test
    void aRequestAndItsReplyAreALineEachWithTheNameOfTheHandle() {
        try (Rig rig = Rig.structured()) {
            // Given
            RecordingLogger logger = new RecordingLogger(Level.TRACE);
            TransmissionLog log = new TransmissionLog(logger, "disk");
            PlainCommand trim = new PlainCommand(rig.connection, CommandType.TRIM, 1, 512, 4096);
            trim.cookie = 0x1_0000_0002L;

            // When
            log.sent(trim);
            log.answered(trim, null);
            log.answered(
                    trim,
                    new CommandRefusedException(CommandType.TRIM, NbdRange.of(512, 4096), 5, -1, "the disk is gone"));
            log.goodbye();

            // Then
            assertThat(logger.lines())
                    .containsExactly(
                            "TRACE disk: request TRIM, flags 0x1, offset 512, length 4096, cookie 0x100000002",
                            "TRACE disk: reply to TRIM, flags 0x1, offset 512, length 4096, cookie 0x100000002: success",
                            "TRACE disk: reply to TRIM, flags 0x1, offset 512, length 4096, cookie 0x100000002: "
                                    + "TRIM [512, 4608): refused by the server (EIO): the disk is gone",
                            "TRACE disk: request DISC");
        }
    }

    @Test
    void nothingIsPutIntoWordsWhileTraceIsOff() {
        try (Rig rig = Rig.structured()) {
            // Given
            RecordingLogger logger = new RecordingLogger(Level.DEBUG);
            TransmissionLog log = new TransmissionLog(logger, "disk");
            PlainCommand trim = new PlainCommand(rig.connection, CommandType.TRIM, 1, 512, 4096);

            // When
            log.sent(trim);
            log.answered(trim, null);

            // Then
            assertThat(logger.lines()).isEmpty();
        }
    }
}
