package io.nbd4j.client.conformance;

import static io.nbd4j.client.conformance.Dialogue.ABORT;
import static io.nbd4j.client.conformance.Dialogue.EXTENDED_HEADERS;
import static io.nbd4j.client.conformance.Dialogue.EXTENDED_HEADERS_ACK;
import static io.nbd4j.client.conformance.Dialogue.GO;
import static io.nbd4j.client.conformance.Dialogue.GO_ACK;
import static io.nbd4j.client.conformance.Dialogue.GO_ERROR;
import static io.nbd4j.client.conformance.Dialogue.GO_EXPORT;
import static io.nbd4j.client.conformance.Dialogue.GREETING;
import static io.nbd4j.client.conformance.Dialogue.REPLY;
import static io.nbd4j.client.conformance.Dialogue.STRUCTURED_REPLY;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.Negotiation;
import io.nbd4j.client.NegotiationRefusedException;
import io.nbd4j.codec.handshake.OptionReplyType;
import org.junit.jupiter.api.Timeout;

/** Section 6.7: extended headers, as far as it is about the handshake. The time limit only ends what hangs. */
@Timeout(60)
class ExtendedHeadersIT {
    @EachWay
    @TypedBytes
    void t211_aServerThatNeedsExtendedHeadersIsAClearFailure(Way way) {
        try (Dialogue dialogue = Dialogue.atGo(way)) {
            // When
            dialogue.send(GO_ERROR + "8000000a 00000000").expect(ABORT);

            // Then
            NegotiationRefusedException refused =
                    dialogue.failureOf(dialogue.connecting(), NegotiationRefusedException.class);
            assertThat(refused.reason()).isEqualTo(OptionReplyType.ERR_EXT_HEADER_REQD);
            assertThat(refused).hasMessageContaining("extended headers are required first (ERR_EXT_HEADER_REQD)");
            dialogue.assertGone();
        }
    }

    @EachWay
    @TypedBytes
    void t213_aRefusalOfStructuredRepliesDoesNotRevokeExtendedHeaders(Way way) {
        try (Dialogue dialogue =
                Dialogue.connected(way, options -> options.optionMode(true).extendedHeaders(true))) {
            // Given
            dialogue.send(GREETING)
                    .expect("00000003" + EXTENDED_HEADERS)
                    .send(EXTENDED_HEADERS_ACK)
                    .await(dialogue.connecting());
            Negotiation negotiation = dialogue.nbd.negotiation();

            // When
            NbdFuture<Boolean> structured = negotiation.structuredReplies();
            dialogue.expect(STRUCTURED_REPLY).send(REPLY + "00000008 8000000a 00000000");

            // Then
            assertThat(dialogue.await(structured)).isFalse();
            assertThat(negotiation.status().extendedHeaders()).isTrue();
            NbdFuture<NbdClient> go = negotiation.go();
            dialogue.expect(GO).send(GO_EXPORT).send(GO_ACK).await(go);
            assertThat(dialogue.nbd.export().extendedHeaders()).isTrue();
            assertThat(dialogue.nbd.export().structuredReplies()).isTrue();
        }
    }
}
