package io.nbd4j.client.conformance;

import static io.nbd4j.client.conformance.Dialogue.ABORT;
import static io.nbd4j.client.conformance.Dialogue.GO_ERROR;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.NegotiationRefusedException;
import io.nbd4j.codec.handshake.OptionReplyType;
import org.junit.jupiter.api.Timeout;

/** Section 6.7: extended headers, as far as they concern a client that does not ask for them. */
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
}
