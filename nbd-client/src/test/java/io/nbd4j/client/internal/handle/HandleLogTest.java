package io.nbd4j.client.internal.handle;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.internal.logging.RecordingLogger;
import io.nbd4j.codec.handshake.HandshakeFlags;
import io.nbd4j.codec.handshake.InfoType;
import io.nbd4j.codec.handshake.NewstyleGreeting;
import io.nbd4j.codec.handshake.OptionReply;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.nbd4j.codec.handshake.OptionRequest;
import io.nbd4j.codec.handshake.OptionType;
import org.junit.jupiter.api.Test;
import org.slf4j.event.Level;

/** The lines about the handshake. */
class HandleLogTest {
    private final RecordingLogger logger = new RecordingLogger(Level.DEBUG);
    private final HandleLog log = new HandleLog(logger, "disk");

    @Test
    void greetingOptionAndReplyAreALineEach() {
        // When
        log.greeting(new NewstyleGreeting(new HandshakeFlags(3)));
        log.option(OptionRequest.Go.of("export", InfoType.BLOCK_SIZE));
        log.reply(new OptionReply.Ack(OptionType.GO.wire()));

        // Then
        assertThat(logger.lines())
                .hasSize(3)
                .allMatch(line -> line.startsWith("DEBUG disk: "))
                .satisfiesExactly(
                        greeting -> assertThat(greeting).contains("NewstyleGreeting"),
                        option -> assertThat(option).contains("Go[exportName=export, infoTypes=[3]]"),
                        reply -> assertThat(reply).contains("reply to GO: Ack"));
    }

    @Test
    void whatTheServerSaysIsPrintableAndBounded() {
        // When
        log.reply(OptionReply.Refusal.of(
                OptionType.GO.wire(), OptionReplyType.ERR_UNKNOWN, "no\n2026-01-01 WARN forged \u001b[2J"));
        log.reply(new OptionReply.Server(OptionType.LIST.wire(), "x".repeat(4096), "y".repeat(4096)));

        // Then
        assertThat(logger.lines().get(0))
                .isEqualTo("DEBUG disk: reply to GO: ERR_UNKNOWN, no\\n2026-01-01 WARN forged \\x1b[2J");
        assertThat(logger.lines().get(1)).hasSizeLessThan(1200);
    }
}
