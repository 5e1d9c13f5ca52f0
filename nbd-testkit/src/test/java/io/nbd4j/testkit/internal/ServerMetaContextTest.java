package io.nbd4j.testkit.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.codec.TransmissionFlags;
import io.nbd4j.codec.handshake.ClientFlags;
import io.nbd4j.codec.handshake.InfoItem;
import io.nbd4j.codec.handshake.MalformedOption;
import io.nbd4j.codec.handshake.OptionReply;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.nbd4j.codec.handshake.OptionRequest;
import io.nbd4j.codec.transmission.TransmissionMode;
import io.nbd4j.testkit.HandshakeStyle;
import io.nbd4j.testkit.MemoryExport;
import io.nbd4j.testkit.MetaContext;
import io.nbd4j.testkit.TlsMode;
import io.nbd4j.testkit.internal.ServerNegotiation.Haggle;
import io.nbd4j.testkit.internal.ServerNegotiation.HangUp;
import io.nbd4j.testkit.internal.ServerNegotiation.Step;
import io.nbd4j.testkit.internal.ServerNegotiation.Transmit;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Meta contexts and extended headers in the handshake. */
class ServerMetaContextTest {
    private static final int LIST = 9;
    private static final int SET = 10;
    private static final String ALLOCATION = "base:allocation";
    private static final String DIRTY = "x-test:bitmap:dirty";
    private static final String DEPTH = "x-test:depth";

    private static final ServedExport DISK = new ServedExport(
            "disk",
            "",
            MemoryExport.ofSize(1 << 20),
            ExportSettings.DEFAULT.withContexts(List.of(MetaContext.of(DIRTY), MetaContext.of(DEPTH))));
    private static final ServedExport PLAIN =
            new ServedExport("plain", "", MemoryExport.ofSize(1 << 20), ExportSettings.DEFAULT);

    private final ServerNegotiation negotiation = negotiation(true, true);

    @Test
    void listNamesWhatTheQueriesMean() {
        assertThat(listed()).containsExactly(ALLOCATION, DIRTY, DEPTH);
        assertThat(listed("base:")).containsExactly(ALLOCATION);
        assertThat(listed("x-test:")).containsExactly(DIRTY, DEPTH);
        assertThat(listed("x-test:bitmap:")).containsExactly(DIRTY);
        assertThat(listed(DEPTH, ALLOCATION, DEPTH)).containsExactly(ALLOCATION, DEPTH);
        assertThat(listed("qemu:dirty-bitmap:x", "base:nothing", "x-test", "", ":"))
                .isEmpty();
    }

    private List<String> listed(String... queries) {
        Step step = negotiation.onOption(new OptionRequest.ListMetaContext("disk", List.of(queries)));
        return contexts(step, LIST).stream()
                .peek(context -> assertThat(context.id()).isZero())
                .map(OptionReply.MetaContextReply::contextName)
                .toList();
    }

    @Test
    void setSelectsByFullNameAndGivesEachContextAnIdOfItsOwn() {
        // Given
        negotiation.onOption(new OptionRequest.StructuredReply());

        // When
        Step step = set("disk", DEPTH, "base:", "x-test:", ALLOCATION, DEPTH, "other:thing", "");

        // Then
        assertThat(contexts(step, SET))
                .containsExactly(
                        new OptionReply.MetaContextReply(SET, 0, ALLOCATION),
                        new OptionReply.MetaContextReply(SET, 2, DEPTH));
        assertThat(selectedByGo("disk")).containsExactly(ALLOCATION, DEPTH);
    }

    @Test
    void noQuerySelectsNothing() {
        // Given
        negotiation.onOption(new OptionRequest.StructuredReply());
        set("disk", ALLOCATION);

        // When // Then
        assertThat(contexts(set("disk"), SET)).isEmpty();
        assertThat(selectedByGo("disk")).isEmpty();
    }

    @Test
    void aSelectionBelongsToOneExport() {
        // Given
        negotiation.onOption(new OptionRequest.StructuredReply());
        set("disk", DIRTY);

        // When // Then
        assertThat(selectedByGo("plain")).isEmpty();
        assertThat(selectedByGo("disk")).containsExactly(DIRTY);
    }

    @Test
    void aSelectionEndsWithTheNextOneHoweverThatFails() {
        List<Runnable> failures = List.of(
                () -> set("nothing", ALLOCATION),
                () -> negotiation.onMalformedOption(new MalformedOption(SET, OptionReplyType.ERR_INVALID, "cut off")),
                () -> set("disk", Collections.nCopies(1025, ALLOCATION).toArray(String[]::new)));
        negotiation.onOption(new OptionRequest.StructuredReply());
        for (Runnable failure : failures) {
            // Given
            set("disk", DIRTY);

            // When
            failure.run();

            // Then
            assertThat(selectedByGo("disk")).isEmpty();
        }
    }

    @Test
    void setComesAfterStructuredRepliesAndListMayComeBefore() {
        assertRefused(set("disk", ALLOCATION), SET, OptionReplyType.ERR_INVALID);
        assertThat(listed("base:")).containsExactly(ALLOCATION);
        negotiation.onOption(new OptionRequest.ExtendedHeaders());
        assertThat(contexts(set("disk", ALLOCATION), SET)).hasSize(1);
    }

    @Test
    void unknownExportsAndTooManyQueriesAreRefused() {
        // Given
        negotiation.onOption(new OptionRequest.StructuredReply());
        List<String> many = Collections.nCopies(1025, "a:b");

        // When // Then
        assertRefused(set("nothing", ALLOCATION), SET, OptionReplyType.ERR_UNKNOWN);
        assertRefused(
                negotiation.onOption(new OptionRequest.ListMetaContext("nothing", List.of())),
                LIST,
                OptionReplyType.ERR_UNKNOWN);
        assertRefused(
                negotiation.onOption(new OptionRequest.ListMetaContext("disk", many)),
                LIST,
                OptionReplyType.ERR_TOO_BIG);
        assertThat(contexts(set("disk", many.subList(0, 1024).toArray(String[]::new)), SET))
                .isEmpty();
    }

    @Test
    void withoutChunksThereAreNoContexts() {
        // Given
        ServerNegotiation simple = negotiation(false, false);

        // When // Then
        assertRefused(
                simple.onOption(new OptionRequest.ListMetaContext("disk", List.of())), LIST, OptionReplyType.ERR_UNSUP);
        assertRefused(
                simple.onOption(new OptionRequest.SetMetaContext("disk", List.of(ALLOCATION))),
                SET,
                OptionReplyType.ERR_UNSUP);
    }

    @Test
    void extendedHeadersNeedNoStructuredRepliesAndReplaceThem() {
        // Given
        ServerNegotiation extendedOnly = negotiation(false, true);
        Step agreed = negotiation.onOption(new OptionRequest.StructuredReply());
        Step upgraded = negotiation.onOption(new OptionRequest.ExtendedHeaders());

        // When // Then
        assertThat(agreed.replies()).containsExactly(new OptionReply.Ack(8));
        assertThat(upgraded.replies()).containsExactly(new OptionReply.Ack(11));
        assertRefused(negotiation.onOption(new OptionRequest.ExtendedHeaders()), 11, OptionReplyType.ERR_INVALID);
        assertRefused(
                negotiation.onOption(new OptionRequest.StructuredReply()), 8, OptionReplyType.ERR_EXT_HEADER_REQD);
        assertThat(negotiation.onOption(OptionRequest.Go.of("disk")).next())
                .isEqualTo(new Transmit(new Agreement(DISK, TransmissionMode.EXTENDED, List.of()), false, false));
        assertThat(extendedOnly.onOption(new OptionRequest.ExtendedHeaders()).replies())
                .containsExactly(new OptionReply.Ack(11));
        assertRefused(extendedOnly.onOption(new OptionRequest.StructuredReply()), 8, OptionReplyType.ERR_UNSUP);
        assertRefused(
                negotiation(true, false).onOption(new OptionRequest.ExtendedHeaders()), 11, OptionReplyType.ERR_UNSUP);
    }

    @Test
    void thereIsNoExportNameAfterExtendedHeaders() {
        // Given
        negotiation.onOption(new OptionRequest.ExtendedHeaders());

        // When // Then
        assertThat(negotiation.onOption(new OptionRequest.ExportName("disk")).next())
                .isInstanceOf(HangUp.class);
    }

    @Test
    void filtersAreAdvertisedWithExtendedHeadersAndAContextOfThisExport() {
        // Given
        negotiation.onOption(new OptionRequest.StructuredReply());
        set("disk", ALLOCATION);
        boolean structured = advertisesFilters("disk");
        negotiation.onOption(new OptionRequest.ExtendedHeaders());
        boolean extended = advertisesFilters("disk");

        // When // Then
        assertThat(structured).isFalse();
        assertThat(extended).isTrue();
        assertThat(advertisesFilters("plain")).isFalse();
        set("disk");
        assertThat(advertisesFilters("disk")).isFalse();
    }

    private boolean advertisesFilters(String export) {
        Step step = negotiation.onOption(OptionRequest.Info.of(export));
        OptionReply.Info info = (OptionReply.Info) step.replies().get(0);
        TransmissionFlags flags = ((InfoItem.ExportItem) info.item()).transmissionFlags();
        assertThat(flags.has(TransmissionFlags.SEND_DF)).isTrue();
        return flags.has(TransmissionFlags.BLOCK_STATUS_PAYLOAD);
    }

    private List<String> selectedByGo(String export) {
        Transmit transmit =
                (Transmit) negotiation.onOption(OptionRequest.Go.of(export)).next();
        return transmit.agreement().contexts().stream().map(ServedContext::name).toList();
    }

    private Step set(String export, String... queries) {
        return negotiation.onOption(new OptionRequest.SetMetaContext(export, List.of(queries)));
    }

    private static List<OptionReply.MetaContextReply> contexts(Step step, int option) {
        List<OptionReply> replies = step.replies();
        assertThat(step.next()).isInstanceOf(Haggle.class);
        assertThat(replies).last().isEqualTo(new OptionReply.Ack(option));
        return replies.subList(0, replies.size() - 1).stream()
                .map(OptionReply.MetaContextReply.class::cast)
                .toList();
    }

    private static void assertRefused(Step step, int option, OptionReplyType type) {
        assertThat(step.next()).isInstanceOf(Haggle.class);
        assertThat(step.replies()).singleElement().isInstanceOfSatisfying(OptionReply.Refusal.class, refusal -> {
            assertThat(refusal.type()).isEqualTo(type);
            assertThat(refusal.option()).isEqualTo(option);
        });
    }

    private static ServerNegotiation negotiation(boolean structuredReplies, boolean extendedHeaders) {
        ServerNegotiation negotiation = new ServerNegotiation(new ServerProfile(
                Map.of("disk", DISK, "plain", PLAIN),
                HandshakeStyle.FIXED_NEWSTYLE,
                structuredReplies,
                extendedHeaders,
                TlsMode.OFF,
                null));
        negotiation.onClientFlags(new ClientFlags(ClientFlags.FIXED_NEWSTYLE));
        return negotiation;
    }
}
