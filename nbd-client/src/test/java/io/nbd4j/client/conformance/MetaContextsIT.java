package io.nbd4j.client.conformance;

import static io.nbd4j.client.conformance.Dialogue.GO;
import static io.nbd4j.client.conformance.Dialogue.GO_ACK;
import static io.nbd4j.client.conformance.Dialogue.GO_ERROR;
import static io.nbd4j.client.conformance.Dialogue.GO_EXPORT;
import static io.nbd4j.client.conformance.Dialogue.GREETING;
import static io.nbd4j.client.conformance.Dialogue.OPTION;
import static io.nbd4j.client.conformance.Dialogue.REPLY;
import static io.nbd4j.client.conformance.Dialogue.STRUCTURED_REPLY;
import static io.nbd4j.client.conformance.Dialogue.STRUCTURED_REPLY_ACK;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.MetaContext;
import io.nbd4j.client.NbdClient;
import io.nbd4j.client.NbdFuture;
import io.nbd4j.client.NegotiationRefusedException;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.nbd4j.codec.handshake.OptionType;
import java.util.List;
import org.junit.jupiter.api.Timeout;

/** Section 6.6, the part that is about the handshake: how meta contexts are listed and selected. The time limit only ends what hangs. */
@Timeout(60)
class MetaContextsIT {
    private static final MetaContext ALLOCATION = new MetaContext(0, MetaContext.BASE_ALLOCATION);
    private static final MetaContext DIRTY = new MetaContext(7, "x-a:dirty");
    private static final String QUERIES = "00000002 0000000f 'base:allocation' 00000009 'x-a:dirty' ";
    /** SET_META_CONTEXT for both contexts of the default export. */
    private static final String SET = OPTION + "0000000a 00000028 00000000 " + QUERIES;

    private static final String SET_ACK = REPLY + "0000000a 00000001 00000000 ";
    private static final String SET_CONTEXT = REPLY + "0000000a 00000004 ";
    private static final String ALLOCATION_SELECTED = SET_CONTEXT + "00000013 00000000 'base:allocation' ";
    private static final String DIRTY_SELECTED = SET_CONTEXT + "0000000d 00000007 'x-a:dirty' ";
    private static final String LIST = OPTION + "00000009 00000008 00000000 00000000 ";
    private static final String LIST_CONTEXT = REPLY + "00000009 00000004 ";

    /** Starts a dialogue that has got as far as the question for two contexts. */
    private static Dialogue atSet(Way way) {
        return Dialogue.connected(way, options -> options.metaContexts(ALLOCATION.name(), DIRTY.name()))
                .send(GREETING)
                .expect("00000003" + STRUCTURED_REPLY)
                .send(STRUCTURED_REPLY_ACK)
                .expect(SET);
    }

    @EachWay
    @TypedBytes
    void t171_contextsAreMappedByTheirNames(Way way) {
        try (Dialogue dialogue = atSet(way)) {
            // When
            dialogue.send(DIRTY_SELECTED + ALLOCATION_SELECTED + SET_ACK)
                    .expect(GO)
                    .send(GO_EXPORT + GO_ACK)
                    .awaitReady();

            // Then
            assertThat(dialogue.nbd.export().metaContexts()).containsExactly(DIRTY, ALLOCATION);
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t173_contextsBeforeARefusalAreNotSelected(Way way) {
        try (Dialogue dialogue = atSet(way)) {
            // When
            dialogue.send(ALLOCATION_SELECTED + DIRTY_SELECTED)
                    .send(REPLY + "0000000a 80000009 00000000")
                    .expect(GO)
                    .send(GO_EXPORT + GO_ACK)
                    .awaitReady();

            // Then
            assertThat(dialogue.nbd.export().metaContexts()).isEmpty();
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t175_aServerWithoutContextsServesTheExport(Way way) {
        try (Dialogue dialogue = atSet(way)) {
            // When
            dialogue.send(REPLY + "0000000a 80000001 00000000")
                    .expect(GO)
                    .send(GO_EXPORT + GO_ACK)
                    .awaitReady();

            // Then
            assertThat(dialogue.nbd.export().metaContexts()).isEmpty();
            assertThat(dialogue.nbd.export().structuredReplies()).isTrue();
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t176_aNameOfTheWrongLengthEndsTheConnection(Way way) {
        for (String context : List.of("00000004 00000001", "00001005 00000001 61*4097")) {
            try (Dialogue dialogue = atSet(way)) {
                dialogue.send(SET_CONTEXT + context).assertDropped(dialogue.connecting());
            }
        }
    }

    @EachWay
    @TypedBytes
    void t177_goForAnotherExportSelectsAgain(Way way) {
        try (Dialogue dialogue = Dialogue.negotiating(way)) {
            // Given
            dialogue.nbd.negotiation().metaContexts(List.of(ALLOCATION.name(), DIRTY.name()));
            NbdFuture<List<MetaContext>> set = dialogue.nbd.negotiation().setMetaContexts();
            dialogue.expect(SET).send(ALLOCATION_SELECTED + SET_ACK);
            assertThat(dialogue.await(set)).containsExactly(ALLOCATION);

            // When
            NbdFuture<NbdClient> go =
                    dialogue.nbd.negotiation().exportName("other").go();
            dialogue.expect(OPTION + "0000000a 0000002d 00000005 'other'" + QUERIES)
                    .send(DIRTY_SELECTED + SET_ACK)
                    .expect(OPTION + "00000007 0000000d 00000005 'other' 0001 0003")
                    .send(GO_EXPORT + GO_ACK);

            // Then
            dialogue.await(go);
            assertThat(dialogue.nbd.export().metaContexts()).containsExactly(DIRTY);
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t178_goBehindARefusedOneSelectsAgain(Way way) {
        try (Dialogue dialogue = Dialogue.negotiating(way)) {
            // Given
            dialogue.nbd.negotiation().metaContexts(List.of(ALLOCATION.name(), DIRTY.name()));
            NbdFuture<NbdClient> refused = dialogue.nbd.negotiation().go();
            dialogue.expect(SET)
                    .send(ALLOCATION_SELECTED + DIRTY_SELECTED + SET_ACK)
                    .expect(GO)
                    .send(GO_ERROR + "80000006 00000000");
            dialogue.failureOf(refused, NegotiationRefusedException.class);

            // When
            NbdFuture<NbdClient> go =
                    dialogue.nbd.negotiation().exportName("other").go();
            dialogue.expect(OPTION + "0000000a 0000002d 00000005 'other'" + QUERIES)
                    .send(ALLOCATION_SELECTED + SET_ACK)
                    .expect(OPTION + "00000007 0000000d 00000005 'other' 0001 0003")
                    .send(GO_EXPORT + GO_ACK);

            // Then
            dialogue.await(go);
            assertThat(dialogue.nbd.export().metaContexts()).containsExactly(ALLOCATION);
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t197_theIdentifiersOfAListAreIgnored(Way way) {
        try (Dialogue dialogue = Dialogue.negotiating(way)) {
            // When: both have the same
            NbdFuture<List<String>> list = dialogue.nbd.negotiation().listMetaContexts();
            dialogue.expect(LIST)
                    .send(LIST_CONTEXT + "00000013 00000007 'base:allocation'")
                    .send(LIST_CONTEXT + "0000000d 00000007 'x-a:dirty'")
                    .send(REPLY + "00000009 00000001 00000000");

            // Then
            assertThat(dialogue.await(list)).containsExactly(ALLOCATION.name(), DIRTY.name());
            NbdFuture<NbdClient> go = dialogue.nbd.negotiation().go();
            dialogue.expect(GO).send(GO_EXPORT + GO_ACK).await(go);
            assertThat(dialogue.nbd.export().metaContexts()).isEmpty();
            dialogue.assertWorks();
        }
    }

    @EachWay
    @TypedBytes
    void t198_aListThatEndsWithAnErrorIsNone(Way way) {
        try (Dialogue dialogue = Dialogue.negotiating(way)) {
            // When
            NbdFuture<List<String>> list = dialogue.nbd.negotiation().listMetaContexts();
            dialogue.expect(LIST)
                    .send(LIST_CONTEXT + "00000013 00000000 'base:allocation'")
                    .send(REPLY + "00000009 80000003 00000006 'broken'");

            // Then
            NegotiationRefusedException refused = dialogue.failureOf(list, NegotiationRefusedException.class);
            assertThat(refused.option()).isEqualTo(OptionType.LIST_META_CONTEXT);
            assertThat(refused.reason()).isEqualTo(OptionReplyType.ERR_INVALID);
            assertThat(refused).hasMessageEndingWith(": broken");
            NbdFuture<NbdClient> go = dialogue.nbd.negotiation().go();
            dialogue.expect(GO).send(GO_EXPORT + GO_ACK).await(go);
            dialogue.assertWorks();
        }
    }
}
