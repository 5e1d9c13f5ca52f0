package io.nbd4j.client.conformance;

import static io.nbd4j.client.conformance.Dialogue.ABORT;
import static io.nbd4j.client.conformance.Dialogue.GO;
import static io.nbd4j.client.conformance.Dialogue.GO_ERROR;
import static io.nbd4j.client.conformance.Dialogue.GREETING;
import static io.nbd4j.client.conformance.Dialogue.REPLY;
import static io.nbd4j.client.conformance.Dialogue.STARTTLS;
import static io.nbd4j.client.conformance.Dialogue.STARTTLS_ACK;
import static io.nbd4j.client.conformance.Dialogue.STRUCTURED_REPLY;
import static io.nbd4j.client.conformance.Dialogue.STRUCTURED_REPLY_ACK;
import static io.nbd4j.client.conformance.Request.READ;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nbd4j.client.NbdException;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NbdTlsException;
import io.nbd4j.client.RequestFate;
import io.nbd4j.client.TlsMode;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Timeout;

/** Section 6.3: TLS. The time limit only ends what hangs. */
@Timeout(60)
class TlsIT {
    private static final String STARTTLS_ERROR = REPLY + "00000005 ";

    /** Starts a dialogue in which the client has asked for TLS. */
    private static Dialogue atStartTls(Way way, TlsMode mode) {
        return Dialogue.connected(
                        way, options -> options.exportName("a secret name").tls(mode, TestTls.options()))
                .send(GREETING)
                .expect("00000003" + STARTTLS);
    }

    /** Starts a dialogue with a client that wants TLS, for the default export. */
    private static Dialogue wantsTls(Way way, TlsMode mode) {
        return Dialogue.connected(way, options -> options.tls(mode, TestTls.options()))
                .send(GREETING)
                .expect("00000003" + STARTTLS);
    }

    private static Dialogue readyUnderTls(Way way) throws SSLException {
        Dialogue dialogue = wantsTls(way, TlsMode.REQUIRE);
        dialogue.startTls(TestTls.server()).handshake();
        return dialogue.agree(Export.STRUCTURED);
    }

    @EachWay
    void t071_startTlsIsTheFirstOption(Way way) throws SSLException {
        try (Dialogue dialogue = Dialogue.connected(way, options -> options.tls(TlsMode.REQUIRE, TestTls.options()))) {
            // When
            dialogue.send(GREETING).expect("00000003 49484156454f5054 00000005 00000000");

            // Then
            TlsSpeech tls = dialogue.startTls(TestTls.server());
            tls.handshake();
            dialogue.agree(Export.STRUCTURED).assertWorks();
            assertThat(dialogue.nbd.isTlsActive()).isTrue();

            // When
            NbdFuture<@Nullable Void> closed = dialogue.nbd.closeAsync();

            // Then
            dialogue.receive(Request.DISC);
            tls.expectEnd();
            dialogue.server().hangUp();
            dialogue.await(closed);
        }
    }

    @EachWay
    @TypedBytes
    void t072_whereTlsIsRequiredAndRefusedNothingIsTold(Way way) {
        for (String refusal : new String[] {"80000001 00000000", "80000002 00000002 'no'"}) {
            try (Dialogue dialogue = atStartTls(way, TlsMode.REQUIRE)) {
                dialogue.send(STARTTLS_ERROR + refusal).expect(ABORT);
                assertThat(dialogue.failureOf(dialogue.connecting(), NbdTlsException.class))
                        .hasMessageContaining("TLS is required");
                dialogue.assertGone();
            }
        }
    }

    @EachWay
    @TypedBytes
    void t073_whereTlsIsAllowedAndRefusedTheClientGoesOnInClear(Way way) {
        for (String refusal : new String[] {"80000001 00000000", "80000002 00000002 'no'"}) {
            try (Dialogue dialogue = wantsTls(way, TlsMode.ALLOW)) {
                dialogue.send(STARTTLS_ERROR + refusal).agree(Export.STRUCTURED).assertWorks();
                assertThat(dialogue.nbd.isTlsActive()).isFalse();
            }
        }
    }

    @EachWay
    void t074_theCertificateOfAnotherHostEndsTheConnection(Way way) {
        try (Dialogue dialogue = atStartTls(way, TlsMode.REQUIRE)) {
            // When
            TlsSpeech tls = dialogue.startTls(TestTls.otherServer());
            assertThatThrownBy(tls::handshake).isInstanceOf(SSLException.class);

            // Then
            assertThat(dialogue.failureOf(dialogue.connecting(), NbdTlsException.class))
                    .hasMessageContaining(TestTls.NAME);
            dialogue.server().readToEnd();
            assertThat(dialogue.nbd.isDead()).isTrue();
        }
    }

    @EachWay
    @TypedBytes
    void t076_anEndBehindTheAckIsATlsFailure(Way way) {
        try (Dialogue dialogue = atStartTls(way, TlsMode.REQUIRE)) {
            dialogue.send(STARTTLS_ACK).server().hangUp();
            dialogue.failureOf(dialogue.connecting(), NbdTlsException.class);
            assertThat(dialogue.nbd.isDead()).isTrue();
        }
    }

    @EachWay
    @TypedBytes
    void t077_garbageBehindTheAckIsATlsFailure(Way way) {
        try (Dialogue dialogue = atStartTls(way, TlsMode.REQUIRE)) {
            // Given: the client has begun with TLS
            dialogue.send(STARTTLS_ACK).expect("16 03");

            // When
            dialogue.send("de*64");

            // Then
            dialogue.failureOf(dialogue.connecting(), NbdTlsException.class);
            dialogue.server().readToEnd();
            assertThat(dialogue.nbd.isDead()).isTrue();
        }
    }

    @EachWay
    @TypedBytes
    void t078_plaintextBehindTheAckIsNotUsed(Way way) {
        try (Dialogue dialogue = atStartTls(way, TlsMode.REQUIRE)) {
            // When
            dialogue.send(STARTTLS_ACK + STRUCTURED_REPLY_ACK);

            // Then
            NbdException failure = dialogue.failureOf(dialogue.connecting(), NbdException.class);
            assertThat(failure.fate()).isEqualTo(RequestFate.NOT_SENT);
            String rest = new String(dialogue.server().readToEnd(), StandardCharsets.ISO_8859_1);
            assertThat(rest).doesNotContain("IHAVEOPT").doesNotContain("a secret name");
            assertThat(dialogue.nbd.isDead()).isTrue();
        }
    }

    @EachWay
    void t079_whatWasAgreedInClearIsAgreedAgainUnderTls(Way way) throws SSLException {
        try (Dialogue dialogue = wantsTls(way, TlsMode.ALLOW)) {
            // Given
            dialogue.send(STARTTLS_ERROR + "80000002 00000000")
                    .expect(STRUCTURED_REPLY)
                    .send(STRUCTURED_REPLY_ACK)
                    .expect(GO);

            // When
            dialogue.send(GO_ERROR + "80000005 00000000").expect(STARTTLS);
            dialogue.startTls(TestTls.server()).handshake();

            // Then
            dialogue.agree(Export.SIMPLE);
            assertThat(dialogue.nbd.export().structuredReplies()).isFalse();
            dialogue.assertWorks();
        }
    }

    /** With TLS 1.3 the client has finished its handshake when the server finds out. */
    @EachWay
    void t081_aCertificateThatTheServerDemandsInVainIsATlsFailure(Way way) {
        try (Dialogue dialogue = atStartTls(way, TlsMode.REQUIRE)) {
            TlsSpeech tls = dialogue.startTls(TestTls.serverForKnownClients());
            assertThatThrownBy(tls::handshake).isInstanceOf(SSLException.class);
            dialogue.failureOf(dialogue.connecting(), NbdTlsException.class);
            dialogue.server().readToEnd();
            assertThat(dialogue.nbd.isDead()).isTrue();
        }
    }

    @EachWayOverSockets
    @TypedBytes
    void t082_aUriThatWantsTlsFailsWhereThereIsNone(Way way) {
        try (Dialogue dialogue = Dialogue.byUri(way, "nbds")) {
            dialogue.send(GREETING)
                    .expect("00000003" + STARTTLS)
                    .send(STARTTLS_ERROR + "80000001 00000000")
                    .expect(ABORT);
            dialogue.failureOf(dialogue.connecting(), NbdTlsException.class);
            dialogue.assertGone();
        }
    }

    @EachWay
    void t083_eachByteMayHaveARecordOfItsOwn(Way way) throws SSLException {
        try (Dialogue dialogue = wantsTls(way, TlsMode.REQUIRE)) {
            // Given
            TlsSpeech tls = dialogue.startTls(TestTls.server());
            tls.handshake();
            tls.sendARecordForEachByte();
            dialogue.agree(Export.STRUCTURED);

            // When
            NbdFuture<ByteBuf> read = dialogue.nbd.pread(64, 0);
            dialogue.send(Says.allData(dialogue.receive(READ)));

            // Then
            assertThat(dialogue.bytesOf(read)).isEqualTo(Says.pattern(0, 64));
            dialogue.assertWorks();
        }
    }

    @EachWay
    void t084_anEndWithoutTheEndOfTlsWithinAReplyFailsTheRequest(Way way) throws SSLException {
        try (Dialogue dialogue = readyUnderTls(way)) {
            // Given
            NbdFuture<ByteBuf> read = dialogue.nbd.pread(4, 0);
            Request request = dialogue.receive(READ);

            // When
            dialogue.send("668e33ef 0001 0001" + request.echo() + "0000000c 0000000000000000 'da'")
                    .server()
                    .hangUp();

            // Then
            assertThat(dialogue.failureOf(read, NbdException.class).fate()).isEqualTo(RequestFate.UNKNOWN);
            assertThat(dialogue.nbd.isDead()).isTrue();
        }
    }

    /** Over TCP the host is 127.0.0.1, and the certificate does not have that name. */
    @EachWay
    void t086_theCertificateMayHaveTheNameThatTheClientWasTold(Way way) throws SSLException {
        try (Dialogue dialogue = readyUnderTls(way)) {
            assertThat(dialogue.nbd.isTlsActive()).isTrue();
            dialogue.assertWorks();
        }
    }
}
