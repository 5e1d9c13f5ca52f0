package io.nbd4j.client.conformance;

import static io.nbd4j.client.conformance.Dialogue.EXPORT_NAME;
import static io.nbd4j.client.conformance.Dialogue.GO;
import static io.nbd4j.client.conformance.Dialogue.GO_ACK;
import static io.nbd4j.client.conformance.Dialogue.GO_EXPORT;
import static io.nbd4j.client.conformance.Dialogue.GREETING;
import static io.nbd4j.client.conformance.Dialogue.OPTION;
import static io.nbd4j.client.conformance.Dialogue.STRUCTURED_REPLY;
import static io.nbd4j.client.conformance.Dialogue.STRUCTURED_REPLY_ACK;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.ConnectionLostException;
import io.nbd4j.client.ExportInfo;
import io.nbd4j.client.NbdException;
import io.nbd4j.client.NbdProtocolException;
import io.nbd4j.client.NbdTimeoutException;
import io.nbd4j.client.NbdTlsException;
import io.nbd4j.client.NegotiationRefusedException;
import io.nbd4j.client.TlsMode;
import io.nbd4j.codec.TransmissionFlags;
import io.nbd4j.testkit.ScriptedConnection;
import java.time.Duration;
import org.junit.jupiter.api.Timeout;

/** Section 6.1: the greeting. The time limit only ends what hangs. */
@Timeout(60)
class HandshakeIT {
    private static final String OLDSTYLE = "'NBDMAGIC' 0000420281861253 0000000000100000 ";

    @EachWay
    @TypedBytes
    void t001_aFixedNewstyleGreetingIsAnsweredWithBothFlags(Way way) {
        try (Dialogue dialogue = Dialogue.connected(way)) {
            dialogue.send("4e42444d41474943 49484156454f5054 0003")
                    .expect("00000003 49484156454f5054 00000008 00000000")
                    .send(STRUCTURED_REPLY_ACK)
                    .expect(GO)
                    .send(GO_EXPORT)
                    .send(GO_ACK)
                    .awaitReady()
                    .assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t002_onlyAFlagThatWasOfferedIsSentBack(Way way) {
        try (Dialogue dialogue = Dialogue.connected(way)) {
            dialogue.send("'NBDMAGIC' 'IHAVEOPT' 0001")
                    .expect("00000001" + STRUCTURED_REPLY)
                    .send(STRUCTURED_REPLY_ACK)
                    .expect(GO)
                    .send(GO_EXPORT)
                    .send(GO_ACK)
                    .awaitReady()
                    .assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t004_withoutFixedNewstyleOnlyExportNameIsSent(Way way) {
        try (Dialogue dialogue = Dialogue.connected(way, options -> options.exportName("disk"))) {
            // When
            dialogue.send("'NBDMAGIC' 'IHAVEOPT' 0000")
                    .expect("00000000" + OPTION + "00000001 00000004 'disk'")
                    .send("0000000000100000 0d6d 00*124")
                    .awaitReady();

            // Then
            assertThat(dialogue.nbd.export().protocol()).isEqualTo(ExportInfo.Protocol.NEWSTYLE);
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t005_theShortAnswerToExportNameIsAcceptedWhereItWasAgreed(Way way) {
        try (Dialogue dialogue = Dialogue.connected(way)) {
            dialogue.send("'NBDMAGIC' 'IHAVEOPT' 0002")
                    .expect("00000002" + EXPORT_NAME)
                    .send("0000000000100000 0d6d")
                    .awaitReady()
                    .assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t006_withoutFixedNewstyleThereIsNoTls(Way way) {
        try (Dialogue dialogue = Dialogue.connected(way, options -> options.tls(TlsMode.REQUIRE, TestTls.options()))) {
            dialogue.send("'NBDMAGIC' 'IHAVEOPT' 0000").expect("00000000");
            assertThat(dialogue.failureOf(dialogue.connecting(), NbdTlsException.class))
                    .hasMessageContaining("TLS is required")
                    .hasMessageContaining("fixed newstyle");
            dialogue.assertGone();
        }
    }

    @EachWay
    @TypedBytes
    void t007_aWrongMagicEndsTheConnection(Way way) {
        try (Dialogue dialogue = Dialogue.connected(way)) {
            // When
            dialogue.send("'NBDMAGIX'");

            // Then
            NbdException failure =
                    dialogue.failureOf(dialogue.connecting(), way.transport().failureOf(NbdProtocolException.class));
            assertThat(failure).hasMessageContaining("NBDMAGIX");
            dialogue.assertGone();
        }
    }

    @EachWay
    @TypedBytes
    void t009_anOldstyleGreetingLeadsIntoTransmission(Way way) {
        try (Dialogue dialogue = Dialogue.connected(way)) {
            // When
            dialogue.send(OLDSTYLE + "00000001 00*124").awaitReady();

            // Then
            ExportInfo export = dialogue.nbd.export();
            assertThat(export.protocol()).isEqualTo(ExportInfo.Protocol.OLDSTYLE);
            assertThat(export.size()).isEqualTo(1 << 20);
            assertThat(export.flags()).isEqualTo(new TransmissionFlags(TransmissionFlags.HAS_FLAGS));
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t010_anOldstyleGreetingWithHandshakeFlagsEndsTheConnection(Way way) {
        try (Dialogue dialogue = Dialogue.connected(way)) {
            dialogue.send(OLDSTYLE + "00010001 00*124").assertDropped(dialogue.connecting());
        }
    }

    @EachWay
    @TypedBytes
    void t011_anOldstyleServerIsRefusedWhereTlsOrANameIsRequired(Way way) {
        try (Dialogue dialogue = Dialogue.connected(way, options -> options.exportName("disk"))) {
            // When
            dialogue.send(OLDSTYLE + "00000001 00*124");

            // Then
            assertThat(dialogue.failureOf(dialogue.connecting(), NegotiationRefusedException.class))
                    .hasMessageContaining("oldstyle")
                    .hasMessageContaining("'disk'");
            dialogue.assertGone();
        }
        try (Dialogue dialogue = Dialogue.connected(way, options -> options.tls(TlsMode.REQUIRE, TestTls.options()))) {
            dialogue.send(OLDSTYLE + "00000001 00*124");
            assertThat(dialogue.failureOf(dialogue.connecting(), NbdTlsException.class))
                    .hasMessageContaining("TLS is required")
                    .hasMessageContaining("oldstyle");
            dialogue.assertGone();
        }
    }

    @EachWay
    @TypedBytes
    void t012_anEndBeforeTheGreetingFailsTheConnect(Way way) {
        try (Dialogue dialogue = Dialogue.connected(way)) {
            // When
            dialogue.server().hangUp();

            // Then
            NbdException failure =
                    dialogue.failureOf(dialogue.connecting(), way.transport().failureOf(ConnectionLostException.class));
            assertThat(failure)
                    .hasMessageContaining(way.transport().isSubprocess() ? "ended before" : "closed the connection");
            assertThat(dialogue.nbd.isDead()).isTrue();
        }
    }

    @EachWay
    @TypedBytes
    void t014_aSilentServerIsGivenUpAndHungUpOn(Way way) {
        try (Dialogue dialogue = Dialogue.connected(way, options -> options.handshakeTimeout(Duration.ofMillis(50)))) {
            // Then
            assertThat(dialogue.failureOf(dialogue.connecting(), NbdTimeoutException.class))
                    .hasMessageContaining("50 ms")
                    .hasMessageContaining("the greeting");
            assertThat(dialogue.nbd.isDead()).isTrue();
            if (!way.transport().isSubprocess()) {
                // A child is ended, maybe before it has come as far as to call the server.
                dialogue.server().expectEnd();
            }
        }
    }

    @EachWay
    @TypedBytes
    void t015_aGreetingMayComeByteByByte(Way way) {
        try (Dialogue dialogue = Dialogue.connected(way)) {
            // When
            ScriptedConnection server = dialogue.server().trickle(GREETING, Duration.ofMillis(10));

            // Then
            server.expect("00000003" + STRUCTURED_REPLY);
            dialogue.send(STRUCTURED_REPLY_ACK)
                    .expect(GO)
                    .send(GO_EXPORT)
                    .send(GO_ACK)
                    .awaitReady()
                    .assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t016_nothingIsLostWhenGreetingAndReplyComeTogether(Way way) {
        try (Dialogue dialogue = Dialogue.connected(way)) {
            dialogue.send(GREETING + STRUCTURED_REPLY_ACK)
                    .expect("00000003" + STRUCTURED_REPLY + GO)
                    .send(GO_EXPORT + GO_ACK)
                    .awaitReady()
                    .assertWorks();
        }
    }
}
