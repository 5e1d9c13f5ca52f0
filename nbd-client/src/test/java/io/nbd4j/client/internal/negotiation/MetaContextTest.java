package io.nbd4j.client.internal.negotiation;

import static io.nbd4j.client.internal.negotiation.Conversation.GO;
import static io.nbd4j.client.internal.negotiation.Conversation.GO_ACK;
import static io.nbd4j.client.internal.negotiation.Conversation.GO_EXPORT;
import static io.nbd4j.client.internal.negotiation.Conversation.GREETING;
import static io.nbd4j.client.internal.negotiation.Conversation.OPTION;
import static io.nbd4j.client.internal.negotiation.Conversation.REPLY;
import static io.nbd4j.client.internal.negotiation.Conversation.STRUCTURED_REPLY;
import static io.nbd4j.client.internal.negotiation.Conversation.STRUCTURED_REPLY_ACK;
import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.MetaContext;
import io.nbd4j.client.internal.negotiation.Conversation.Outcome;
import io.nbd4j.client.internal.negotiation.NegotiationFailure.Refused;
import io.nbd4j.client.internal.negotiation.NegotiationFailure.Violated;
import io.netty.buffer.Unpooled;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** LIST_META_CONTEXT and SET_META_CONTEXT: conformance cases T170 to T178, T197 and T198, and how long a selection holds. */
class MetaContextTest {
    private static final ExportWish WISH = ExportWish.DEFAULT.withMetaContexts(List.of("x-a:b", "x-c:d"));
    private static final ExportWish BY_HAND = WISH.withRequestMetaContexts(false);
    /** The export's name, two queries. */
    private static final String SET = OPTION + "0000000a 0000001a 00000000 00000002 00000005 'x-a:b' 00000005 'x-c:d' ";

    private static final String SET_ACK = REPLY + "0000000a 00000001 00000000 ";
    private static final String SET_REFUSED = REPLY + "0000000a 80000009 00000000 ";
    private static final String CONTEXT = REPLY + "0000000a 00000004 00000009 ";
    private static final String LIST =
            OPTION + "00000009 0000001a 00000000 00000002 00000005 'x-a:b' 00000005 'x-c:d' ";
    private static final String LIST_ACK = REPLY + "00000009 00000001 00000000 ";
    private static final String INFO = OPTION + "00000006 00000008 00000000 0001 0003 ";
    private static final String INFO_EXPORT = REPLY + "00000006 00000003 0000000c 0000 0000000000100000 0ded ";
    private static final String INFO_ACK = REPLY + "00000006 00000001 00000000 ";
    private static final String GO_UNKNOWN = REPLY + "00000007 80000006 00000000 ";
    private static final MetaContext AB = new MetaContext(0, "x-a:b");
    private static final MetaContext CD = new MetaContext(-1, "x-c:d");
    private static final String AB_SELECTED = CONTEXT + "00000000 'x-a:b' ";
    private static final String CD_SELECTED = CONTEXT + "ffffffff 'x-c:d' ";

    private final Outcome<OptionResult.Contexts> selected = new Outcome<>();
    private final Outcome<OptionResult.ContextNames> listed = new Outcome<>();
    private final Outcome<OptionResult.Information> information = new Outcome<>();
    private final Outcome<OptionResult.Information> going = new Outcome<>();

    private static Conversation structured() {
        return new Conversation(NegotiationSettings.DEFAULT.withWish(WISH))
                .server(GREETING)
                .client("00000003", STRUCTURED_REPLY)
                .server(STRUCTURED_REPLY_ACK);
    }

    // ---- By the handshake itself

    @Test
    void t170AreSelectedBeforeGo() {
        try (Conversation conversation = structured()) {
            conversation
                    .client(SET)
                    .server(AB_SELECTED, CD_SELECTED, SET_ACK)
                    .client(GO)
                    .server(GO_EXPORT, GO_ACK);
            assertThat(conversation.export().metaContexts()).containsExactly(AB, CD);
        }
    }

    @Test
    void t171AreNotMappedByPosition() {
        try (Conversation conversation = structured()) {
            conversation.client(SET).server(CD_SELECTED, AB_SELECTED, SET_ACK, GO_EXPORT, GO_ACK);
            assertThat(conversation.export().metaContexts()).containsExactly(CD, AB);
        }
    }

    @Test
    void t172NothingMayBeSelected() {
        try (Conversation conversation = structured()) {
            conversation.client(SET).server(SET_ACK).client(GO).server(GO_EXPORT, GO_ACK);
            assertThat(conversation.export().metaContexts()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"80000001", "80000002", "80000003", "80000005", "80000006", "80000009", "8000007f"})
    void t173AndT175ARefusalIsNoReasonToLeave(String refusal) {
        try (Conversation conversation = structured()) {
            // When: contexts come before the refusal
            conversation
                    .client(SET)
                    .server(AB_SELECTED, CD_SELECTED, REPLY + "0000000a", refusal, "00000000")
                    .client(GO)
                    .server(GO_EXPORT, GO_ACK);
            // Then
            assertThat(conversation.export().metaContexts()).isEmpty();
        }
    }

    @Test
    void aServerThatIsShuttingDownIsLeft() {
        try (Conversation conversation = structured()) {
            conversation
                    .client(SET)
                    .server(REPLY + "0000000a 80000007 00000000")
                    .client(Conversation.ABORT);
            conversation.failure(Refused.class);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "00000004 00000001", // a name of 0 bytes
        "00001005 00000001 61*4097",
        "ffffffff 00000001",
    })
    void t176ANameOfTheWrongLengthEndsTheConnection(String context) {
        try (Conversation conversation = structured()) {
            conversation
                    .client(SET)
                    .server(REPLY + "0000000a 00000004", context)
                    .clientIsSilent();
            conversation.failure(Violated.class);
        }
    }

    @Test
    void oneThatIsSentTwiceIsOne() {
        try (Conversation conversation = structured()) {
            conversation.client(SET).server(AB_SELECTED, AB_SELECTED, SET_ACK, GO_EXPORT, GO_ACK);
            assertThat(conversation.export().metaContexts()).containsExactly(AB);
        }
    }

    @Test
    void twoWithOneIdentifierEndTheConnection() {
        try (Conversation conversation = structured()) {
            conversation
                    .client(SET)
                    .server(AB_SELECTED, CONTEXT + "00000000 'x-c:d'")
                    .clientIsSilent();
            assertThat(conversation.failure(Violated.class).message()).contains("identifier 0");
        }
    }

    @Test
    void oneThatWasNotAskedForIsTold() {
        try (Conversation conversation = structured()) {
            conversation.client(SET).server(CONTEXT + "00000007 'x-e:f'", SET_ACK, GO_EXPORT, GO_ACK);
            assertThat(conversation.export().metaContexts()).containsExactly(new MetaContext(7, "x-e:f"));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aSelectionWithoutEndEndsTheConnection(boolean same) {
        try (Conversation conversation = structured()) {
            // When
            int sent = 0;
            while (conversation.channel.isOpen() && sent < 1_000_000) {
                String id = String.format("%08x", same ? 1 : sent);
                conversation.channel.writeInbound(Unpooled.wrappedBuffer(Conversation.bytes(CONTEXT + id + "'x-a:b'")));
                sent++;
            }
            // Then
            assertThat(sent).isEqualTo(1001);
            assertThat(conversation.failure(Violated.class).message()).contains("no end");
        }
    }

    @Test
    void areNotSelectedWithoutStructuredReplies() {
        try (Conversation conversation = new Conversation(NegotiationSettings.DEFAULT.withWish(WISH))) {
            conversation
                    .server(GREETING)
                    .client("00000003", STRUCTURED_REPLY)
                    .server(REPLY + "00000008 80000001 00000000")
                    .client(GO);
        }
    }

    @Test
    void areNotSelectedIfTheUserDoesThatByHand() {
        try (Conversation conversation = new Conversation(NegotiationSettings.DEFAULT.withWish(BY_HAND))) {
            conversation
                    .server(GREETING)
                    .client("00000003", STRUCTURED_REPLY)
                    .server(STRUCTURED_REPLY_ACK)
                    .client(GO);
        }
    }

    @Test
    void areSelectedUnderExtendedHeadersToo() {
        NegotiationSettings settings =
                NegotiationSettings.DEFAULT.withWish(WISH).withExtendedHeaders(true);
        try (Conversation conversation = new Conversation(settings)) {
            conversation
                    .server(GREETING)
                    .client("00000003", Conversation.EXTENDED_HEADERS)
                    .server(Conversation.EXTENDED_HEADERS_ACK)
                    .client(SET)
                    .server(AB_SELECTED, SET_ACK)
                    .client(GO)
                    .server(GO_EXPORT, GO_ACK);
            assertThat(conversation.export().metaContexts()).containsExactly(AB);
        }
    }

    @Test
    void stayInTheFallbackToExportName() {
        try (Conversation conversation = structured()) {
            conversation
                    .client(SET)
                    .server(AB_SELECTED, SET_ACK)
                    .client(GO)
                    .server(REPLY + "00000007 80000001 00000000")
                    .client(OPTION + "00000001 00000000")
                    .server("0000000000100000 0ded");
            assertThat(conversation.export().metaContexts()).containsExactly(AB);
        }
    }

    @Test
    void areSelectedAgainWhenGoIsSentAgain() {
        NegotiationSettings settings = NegotiationSettings.DEFAULT.withWish(WISH.withRequestBlockSize(false));
        try (Conversation conversation = new Conversation(settings)) {
            conversation
                    .server(GREETING)
                    .client("00000003", STRUCTURED_REPLY)
                    .server(STRUCTURED_REPLY_ACK)
                    .client(SET)
                    .server(AB_SELECTED, SET_ACK)
                    .client(OPTION + "00000007 00000006 00000000 0000")
                    .server(REPLY + "00000007 80000008 00000000")
                    .client(SET)
                    .server(CD_SELECTED, SET_ACK)
                    .client(GO)
                    .server(GO_EXPORT, GO_ACK);
            assertThat(conversation.export().metaContexts()).containsExactly(CD);
        }
    }

    // ---- In option mode

    private Conversation selectedByHand() {
        Conversation conversation = Conversation.atPause();
        conversation.handler.setMetaContexts("", List.of("x-a:b", "x-c:d"), selected);
        conversation.client(SET).server(AB_SELECTED, SET_ACK).clientIsSilent();
        assertThat(selected.value().contexts()).containsExactly(AB);
        assertThat(conversation.agreed().metaContexts()).containsExactly(AB);
        return conversation;
    }

    @Test
    void whatTheUserSelectsHoldsForGo() {
        try (Conversation conversation = selectedByHand()) {
            conversation.handler.go(BY_HAND, going);
            conversation.client(GO).server(GO_EXPORT, GO_ACK);
            assertThat(going.value().export().metaContexts()).containsExactly(AB);
        }
    }

    @Test
    void whatInfoSelectsHoldsForGo() {
        try (Conversation conversation = Conversation.atPause()) {
            // When
            conversation.handler.info(WISH, information);
            conversation.client(SET).server(CD_SELECTED, SET_ACK).client(INFO).server(INFO_EXPORT, INFO_ACK);
            // Then
            assertThat(information.value().export().metaContexts()).containsExactly(CD);
            // When
            conversation.handler.go(BY_HAND, going);
            conversation.client(GO).server(GO_EXPORT, GO_ACK);
            // Then
            assertThat(going.value().export().metaContexts()).containsExactly(CD);
        }
    }

    @Test
    void goSelectsAnewUnlessItIsToldNotTo() {
        try (Conversation conversation = selectedByHand()) {
            conversation.handler.go(WISH, going);
            conversation.client(SET).server(CD_SELECTED, SET_ACK).client(GO).server(GO_EXPORT, GO_ACK);
            assertThat(going.value().export().metaContexts()).containsExactly(CD);
        }
    }

    @Test
    void t177ASelectionIsForOneExport() {
        try (Conversation conversation = selectedByHand()) {
            // When
            conversation.handler.go(BY_HAND.withExportName("x"), going);
            conversation
                    .client(OPTION + "00000007 00000009 00000001 'x' 0001 0003")
                    .server(GO_EXPORT, GO_ACK);
            // Then
            assertThat(going.value().export().metaContexts()).isEmpty();
        }
    }

    @Test
    void t177GoForAnotherExportSelectsItsOwn() {
        try (Conversation conversation = selectedByHand()) {
            conversation.handler.go(WISH.withExportName("x"), going);
            conversation
                    .client(OPTION + "0000000a 0000001b 00000001 'x' 00000002 00000005 'x-a:b' 00000005 'x-c:d'")
                    .server(CD_SELECTED, SET_ACK)
                    .client(OPTION + "00000007 00000009 00000001 'x' 0001 0003")
                    .server(GO_EXPORT, GO_ACK);
            assertThat(going.value().export().metaContexts()).containsExactly(CD);
        }
    }

    @Test
    void infoAboutAnotherExportForgetsTheSelection() {
        try (Conversation conversation = selectedByHand()) {
            // When
            conversation.handler.info(BY_HAND.withExportName("x"), information);
            conversation
                    .client(OPTION + "00000006 00000009 00000001 'x' 0001 0003")
                    .server(INFO_EXPORT, INFO_ACK);
            // Then
            assertThat(conversation.agreed().metaContexts()).isEmpty();
            // When
            conversation.handler.go(BY_HAND, going);
            conversation.client(GO).server(GO_EXPORT, GO_ACK);
            // Then
            assertThat(going.value().export().metaContexts()).isEmpty();
        }
    }

    @Test
    void t178ARefusedGoForgetsTheSelection() {
        try (Conversation conversation = selectedByHand()) {
            // When
            Outcome<OptionResult.Information> refused = new Outcome<>();
            conversation.handler.go(BY_HAND, refused);
            conversation.client(GO).server(GO_UNKNOWN).clientIsSilent();
            // Then
            assertThat(refused.failure()).isInstanceOf(OptionFailure.Refused.class);
            assertThat(conversation.agreed().metaContexts()).isEmpty();
            // When
            conversation.handler.go(WISH, going);
            // Then
            conversation.client(SET);
        }
    }

    @Test
    void aRefusedInfoForgetsTheSelection() {
        try (Conversation conversation = selectedByHand()) {
            conversation.handler.info(BY_HAND, information);
            conversation.client(INFO).server(REPLY + "00000006 80000002 00000000");
            assertThat(information.failure().message()).contains("ERR_POLICY");
            assertThat(conversation.agreed().metaContexts()).isEmpty();
        }
    }

    @Test
    void aRefusedSelectionForgetsTheOneBefore() {
        try (Conversation conversation = selectedByHand()) {
            // When
            Outcome<OptionResult.Contexts> refused = new Outcome<>();
            conversation.handler.setMetaContexts("", List.of("x-a:b", "x-c:d"), refused);
            conversation.client(SET).server(CD_SELECTED, SET_REFUSED).clientIsSilent();
            // Then
            assertThat(refused.failure().message()).contains("SET_META_CONTEXT", "ERR_TOO_BIG");
            assertThat(conversation.agreed().metaContexts()).isEmpty();
        }
    }

    @Test
    void nothingCanBeSelectedToo() {
        try (Conversation conversation = selectedByHand()) {
            // When
            Outcome<OptionResult.Contexts> none = new Outcome<>();
            conversation.handler.setMetaContexts("", List.of(), none);
            conversation.client(OPTION + "0000000a 00000008 00000000 00000000").server(SET_ACK);
            // Then
            assertThat(none.value().contexts()).isEmpty();
            assertThat(conversation.agreed().metaContexts()).isEmpty();
        }
    }

    @Test
    void aSelectionIsOfNoUseWithoutStructuredReplies() {
        NegotiationSettings settings =
                NegotiationSettings.DEFAULT.withOptionMode(true).withStructuredReplies(false);
        try (Conversation conversation =
                new Conversation(settings).server(GREETING).client("00000003")) {
            // When: the server should refuse
            conversation.handler.setMetaContexts("", List.of("x-a:b", "x-c:d"), selected);
            conversation.client(SET).server(AB_SELECTED, SET_ACK);
            // Then
            assertThat(conversation.agreed().metaContexts()).isEmpty();
            // When
            conversation.handler.go(BY_HAND, going);
            conversation.client(GO).server(GO_EXPORT, GO_ACK);
            // Then
            assertThat(going.value().export().metaContexts()).isEmpty();
        }
    }

    @Test
    void t197AListHasNamesWithoutMeaningfulIdentifiers() {
        try (Conversation conversation = Conversation.atPause()) {
            // When
            conversation.handler.listMetaContexts("", List.of("x-a:b", "x-c:d"), listed);
            conversation
                    .client(LIST)
                    .server(REPLY + "00000009 00000004 00000009 00000007 'x-a:b'")
                    .server(REPLY + "00000009 00000004 00000009 00000007 'x-c:d'", LIST_ACK);
            // Then
            assertThat(listed.value().names()).containsExactly("x-a:b", "x-c:d");
            assertThat(conversation.agreed().metaContexts()).isEmpty();
        }
    }

    @Test
    void t198ARefusalDiscardsTheListBeforeIt() {
        try (Conversation conversation = Conversation.atPause()) {
            // When
            conversation.handler.listMetaContexts("", List.of(), listed);
            conversation
                    .client(OPTION + "00000009 00000008 00000000 00000000")
                    .server(
                            REPLY + "00000009 00000004 00000009 00000007 'x-a:b'",
                            REPLY + "00000009 80000004 00000003 'huh'")
                    .clientIsSilent();
            // Then
            assertThat(listed.failure().message()).contains("LIST_META_CONTEXT", "ERR_PLATFORM", "huh");
        }
    }

    @Test
    void aListLeavesTheSelectionAsItIs() {
        try (Conversation conversation = selectedByHand()) {
            // When
            conversation.handler.listMetaContexts("other", List.of(), listed);
            conversation
                    .client(OPTION + "00000009 0000000d 00000005 'other' 00000000")
                    .server(REPLY + "00000009 80000006 00000000");
            // Then
            assertThat(conversation.agreed().metaContexts()).containsExactly(AB);
            // When
            conversation.handler.go(BY_HAND, going);
            conversation.client(GO).server(GO_EXPORT, GO_ACK);
            // Then
            assertThat(going.value().export().metaContexts()).containsExactly(AB);
        }
    }

    @Test
    void aListWithoutEndEndsTheConnection() {
        // Given
        byte[] context = Conversation.bytes(REPLY + "00000009 00000004 00000009 00000000 'x-a:b'");
        try (Conversation conversation = Conversation.atPause()) {
            conversation.handler.listMetaContexts("", List.of(), listed);
            // When
            int sent = 0;
            while (conversation.channel.isOpen() && sent < 1_000_000) {
                conversation.channel.writeInbound(Unpooled.wrappedBuffer(context));
                sent++;
            }
            // Then
            assertThat(sent).isEqualTo(1001);
            conversation.failure(Violated.class);
            assertThat(listed.failure()).isInstanceOf(OptionFailure.Ended.class);
        }
    }

    @Test
    void aServerThatLeavesFailsWhatIsUnderWay() {
        try (Conversation conversation = Conversation.atPause()) {
            // Given
            conversation.handler.go(WISH, going);
            conversation.client(SET);
            // When
            conversation.server(AB_SELECTED).serverCloses();
            // Then
            assertThat(conversation.failure(NegotiationFailure.Closed.class).waitingFor())
                    .isEqualTo("the answer to SET_META_CONTEXT");
            assertThat(going.failure()).isInstanceOf(OptionFailure.Ended.class);
        }
    }
}
