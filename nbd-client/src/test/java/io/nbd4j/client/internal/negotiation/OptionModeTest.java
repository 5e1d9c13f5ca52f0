package io.nbd4j.client.internal.negotiation;

import static io.nbd4j.client.internal.negotiation.Conversation.ABORT;
import static io.nbd4j.client.internal.negotiation.Conversation.ABORT_ACK;
import static io.nbd4j.client.internal.negotiation.Conversation.GO;
import static io.nbd4j.client.internal.negotiation.Conversation.GO_ACK;
import static io.nbd4j.client.internal.negotiation.Conversation.GO_EXPORT;
import static io.nbd4j.client.internal.negotiation.Conversation.OPTION;
import static io.nbd4j.client.internal.negotiation.Conversation.REPLY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.nbd4j.client.internal.negotiation.Conversation.Outcome;
import io.nbd4j.client.internal.negotiation.NegotiationFailure.Aborted;
import io.nbd4j.client.internal.negotiation.NegotiationFailure.Closed;
import io.nbd4j.client.internal.negotiation.NegotiationFailure.Refused;
import io.nbd4j.client.internal.negotiation.NegotiationFailure.TimedOut;
import io.nbd4j.client.internal.negotiation.NegotiationFailure.Violated;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.netty.buffer.Unpooled;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Option mode: the pause, and the conformance cases T053 to T064 that need it. */
class OptionModeTest {
    private static final ExportWish WISH = ExportWish.DEFAULT;
    private static final String LIST = OPTION + "00000003 00000000 ";
    private static final String LIST_ACK = REPLY + "00000003 00000001 00000000 ";
    private static final String INFO = OPTION + "00000006 00000008 00000000 0001 0003 ";
    private static final String INFO_ACK = REPLY + "00000006 00000001 00000000 ";
    private static final String UNKNOWN_EXPORT = REPLY + "00000007 80000006 00000000 ";

    private final Outcome<OptionResult.Information> information = new Outcome<>();
    private final Outcome<OptionResult.Exports> exports = new Outcome<>();
    private final Outcome<OptionResult.Done> done = new Outcome<>();

    @Test
    void pausesWithWhatIsAgreed() {
        try (Conversation conversation = Conversation.atPause()) {
            assertThat(conversation.agreed())
                    .isEqualTo(new NegotiationFacts(ProtocolStyle.NEWSTYLE_FIXED, 3, false, true, false, List.of()));
            assertThat(conversation.exports).isEmpty();
        }
    }

    @Test
    void goEntersTransmission() {
        try (Conversation conversation = Conversation.atPause()) {
            // When
            conversation.handler.go(WISH, information);
            conversation.client(GO).server(GO_EXPORT, GO_ACK);
            // Then
            assertThat(information.value().export()).isEqualTo(conversation.export());
        }
    }

    @Test
    void aRefusedGoLeavesRoomForAnotherName() {
        try (Conversation conversation = Conversation.atPause()) {
            // When
            conversation.handler.go(WISH, information);
            conversation.client(GO).server(UNKNOWN_EXPORT).clientIsSilent();
            // Then
            assertThat(information.failure())
                    .isInstanceOfSatisfying(
                            OptionFailure.Refused.class,
                            refused -> assertThat(refused.refusal().type()).isEqualTo(OptionReplyType.ERR_UNKNOWN));
            assertThat(conversation.failures).isEmpty();
            // When
            Outcome<OptionResult.Information> second = new Outcome<>();
            conversation.handler.go(WISH.withExportName("b"), second);
            conversation
                    .client(OPTION + "00000007 00000009 00000001 'b' 0001 0003")
                    .server(GO_EXPORT, GO_ACK);
            // Then
            assertThat(second.value().export().exportName()).isEqualTo("b");
            conversation.assertPausedOnce();
        }
    }

    @Test
    void aCallbackMayAskForTheNextThing() {
        try (Conversation conversation = Conversation.atPause()) {
            // When
            conversation.handler.go(WISH, new OptionCallback<>() {
                @Override
                public void succeeded(OptionResult.Information value) {
                    throw new AssertionError("nothing was granted");
                }

                @Override
                public void failed(OptionFailure failure) {
                    conversation.handler.list(exports);
                }
            });
            conversation.client(GO).server(UNKNOWN_EXPORT).client(LIST).server(LIST_ACK);
            // Then
            assertThat(exports.value().entries()).isEmpty();
        }
    }

    @Test
    void t064UsesTheSizeOfGoAndNotOfInfo() {
        try (Conversation conversation = Conversation.atPause()) {
            // When
            conversation.handler.info(WISH, information);
            conversation
                    .client(INFO)
                    .server(REPLY + "00000006 00000003 0000000c 0000 0000000000000000 0001", INFO_ACK)
                    .clientIsSilent();
            // Then
            assertThat(information.value().export().size()).isZero();
            assertThat(conversation.exports)
                    .as("INFO never enters transmission")
                    .isEmpty();
            // When
            Outcome<OptionResult.Information> go = new Outcome<>();
            conversation.handler.go(WISH, go);
            conversation.client(GO).server(GO_EXPORT, GO_ACK);
            // Then
            assertThat(go.value().export().size()).isEqualTo(1 << 20);
        }
    }

    @Test
    void infoNeverFallsBackToExportName() {
        try (Conversation conversation = Conversation.atPause()) {
            conversation.handler.info(WISH, information);
            conversation
                    .client(INFO)
                    .server(REPLY + "00000006 80000001 00000000")
                    .clientIsSilent();
            assertThat(information.failure()).isInstanceOf(OptionFailure.Refused.class);
            assertThat(conversation.failures).isEmpty();
        }
    }

    @Test
    void goFallsBackToExportNameHereToo() {
        try (Conversation conversation = Conversation.atPause()) {
            conversation.handler.go(WISH, information);
            conversation
                    .client(GO)
                    .server(REPLY + "00000007 80000001 00000000")
                    .client(OPTION + "00000001 00000000")
                    .server("0000000000100000 0001");
            assertThat(information.value().export()).isEqualTo(conversation.export());
        }
    }

    @Test
    void t053ListsNothing() {
        try (Conversation conversation = Conversation.atPause()) {
            conversation.handler.list(exports);
            conversation.client(LIST).server(LIST_ACK);
            assertThat(exports.value().entries()).isEmpty();
        }
    }

    @Test
    void t054ListsNamesOfEveryKind() {
        // Given
        String longest = "n".repeat(4096);
        try (Conversation conversation = Conversation.atPause()) {
            // When
            conversation.handler.list(exports);
            conversation
                    .client(LIST)
                    .server(
                            REPLY + "00000003 00000002 00000004 00000000",
                            REPLY + "00000003 00000002 00000005 00000001 'a'",
                            REPLY + "00000003 00000002 00001004 00001000 '" + longest + "'",
                            REPLY + "00000003 00000002 0000000e 00000004 'disk' 'A disk'",
                            LIST_ACK);
            // Then
            assertThat(exports.value().entries())
                    .containsExactly(
                            new ExportEntry("", ""),
                            new ExportEntry("a", ""),
                            new ExportEntry(longest, ""),
                            new ExportEntry("disk", "A disk"));
        }
    }

    @Test
    void t055DropsANameThatIsLongerThanItsReply() {
        try (Conversation conversation = Conversation.atPause()) {
            conversation.handler.list(exports);
            conversation.client(LIST).server(REPLY + "00000003 00000002 00000005 00000002 'a'");
            Violated violated = conversation.failure(Violated.class);
            assertThat(exports.failure()).isEqualTo(new OptionFailure.Ended(violated));
        }
    }

    @Test
    void t057StaysUsableWhenTheListIsForbidden() {
        try (Conversation conversation = Conversation.atPause()) {
            // When: an entry comes before the refusal
            conversation.handler.list(exports);
            conversation
                    .client(LIST)
                    .server(REPLY + "00000003 00000002 00000005 00000001 'a'", REPLY + "00000003 80000002 00000000");
            // Then
            assertThat(exports.failure().message()).contains("ERR_POLICY");
            // When
            conversation.handler.go(WISH, information);
            conversation.client(GO).server(GO_EXPORT, GO_ACK);
            // Then
            assertThat(information.value()).isNotNull();
        }
    }

    @Test
    void t058StopsAListWithoutEnd() {
        // Given
        byte[] entry = Conversation.bytes(REPLY + "00000003 00000002 00000005 00000001 'a'");
        try (Conversation conversation = Conversation.atPause()) {
            conversation.handler.list(exports);
            // When
            int sent = 0;
            while (conversation.channel.isOpen() && sent < 1_000_000) {
                conversation.channel.writeInbound(Unpooled.wrappedBuffer(entry));
                sent++;
            }
            // Then
            assertThat(sent).isEqualTo(100_001);
            conversation.failure(Violated.class);
            assertThat(exports.failure()).isInstanceOf(OptionFailure.Ended.class);
        }
    }

    @Test
    void t058StopsAListOfLongTexts() {
        // Given
        byte[] entry = Conversation.bytes(REPLY + "00000003 00000002 00002004 00001000 61*8192");
        try (Conversation conversation = Conversation.atPause()) {
            conversation.handler.list(exports);
            // When
            int sent = 0;
            while (conversation.channel.isOpen() && sent < 1_000_000) {
                conversation.channel.writeInbound(Unpooled.wrappedBuffer(entry));
                sent++;
            }
            // Then
            assertThat(sent).isEqualTo(64 * 1024 * 1024 / 8192 + 1);
            conversation.failure(Violated.class);
        }
    }

    @Test
    void refusesASecondRequestWithoutDisturbingTheFirst() {
        try (Conversation conversation = Conversation.atPause()) {
            // Given
            conversation.handler.list(exports);
            conversation.client(LIST);
            // When
            conversation.handler.go(WISH, information);
            // Then
            conversation.clientIsSilent();
            assertThat(information.failure())
                    .isEqualTo(new OptionFailure.NotNow("the client is waiting for the answer to LIST"));
            conversation.server(LIST_ACK);
            assertThat(exports.value().entries()).isEmpty();
        }
    }

    @Test
    void refusesANameThatNoOptionCanCarry() {
        try (Conversation conversation = Conversation.atPause()) {
            for (ExportWish wish : List.of(
                    WISH.withExportName("n".repeat(4097)), WISH.withMetaContexts(List.of("n:", "x:".repeat(2049))))) {
                assertThatIllegalArgumentException().isThrownBy(() -> conversation.handler.go(wish, information));
                assertThatIllegalArgumentException().isThrownBy(() -> conversation.handler.info(wish, information));
            }
            conversation.handler.go(WISH, information);
            conversation.client(GO);
        }
    }

    @Test
    void theTimeoutRestsInThePauseAndRunsForEachOption() {
        try (Conversation conversation = Conversation.atPause()) {
            // When
            conversation.pass(Duration.ofDays(1));
            // Then
            assertThat(conversation.failures).isEmpty();
            // When
            conversation.handler.list(exports);
            conversation.pass(Duration.ofSeconds(9)).server(LIST_ACK).pass(Duration.ofSeconds(9));
            // Then
            assertThat(exports.value()).isNotNull();
            // When
            conversation.handler.go(WISH, information);
            conversation.pass(Duration.ofSeconds(10));
            // Then
            TimedOut timedOut = conversation.failure(TimedOut.class);
            assertThat(timedOut.waitingFor()).isEqualTo("the answer to GO");
            assertThat(information.failure()).isEqualTo(new OptionFailure.Ended(timedOut));
        }
    }

    @Test
    void abortIsAnsweredAndEndsTheConnection() {
        try (Conversation conversation = Conversation.atPause()) {
            conversation.handler.abort(done);
            conversation.client(ABORT);
            assertThat(done.isOpen()).isTrue();
            conversation.server(ABORT_ACK);
            assertThat(done.value()).isNotNull();
            conversation.failure(Aborted.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"close", "silence", "again", "80000005", "80000001", "80000007", "garbage"})
    void t062AbortEndsWellWhateverTheServerDoes(String reaction) {
        try (Conversation conversation = Conversation.atPause()) {
            // Given
            conversation.handler.abort(done);
            conversation.client(ABORT);
            // When
            switch (reaction) {
                case "close" -> conversation.serverCloses();
                case "silence" -> conversation.pass(Conversation.TIMEOUT);
                case "again" -> conversation.handler.abort(new Outcome<>());
                case "garbage" -> conversation.server("00*20");
                default -> conversation.server(REPLY + "00000002", reaction, "00000000");
            }
            // Then
            assertThat(done.value()).isNotNull();
            conversation.clientIsSilent().failure(Aborted.class);
        }
    }

    @Test
    void abortHangsUpWhileAnOptionIsOutstanding() {
        try (Conversation conversation = Conversation.atPause()) {
            // Given
            conversation.handler.list(exports);
            conversation.client(LIST);
            // When
            conversation.handler.abort(done);
            // Then
            conversation.clientIsSilent().failure(Aborted.class);
            assertThat(done.value()).isNotNull();
            assertThat(exports.failure()).isEqualTo(new OptionFailure.Ended(new Aborted()));
        }
    }

    @Test
    void abortHangsUpBeforeTheGreeting() {
        try (Conversation conversation = new Conversation(NegotiationSettings.DEFAULT)) {
            conversation.handler.abort(done);
            conversation.clientIsSilent().failure(Aborted.class);
            assertThat(done.value()).isNotNull();
        }
    }

    @Test
    void aShutdownEndsTheNegotiation() {
        try (Conversation conversation = Conversation.atPause()) {
            // When
            conversation.handler.info(WISH, information);
            conversation
                    .client(INFO)
                    .server(REPLY + "00000006 80000007 00000000")
                    .client(ABORT);
            // Then
            assertThat(information.failure().message()).contains("ERR_SHUTDOWN");
            conversation.failure(Refused.class);
        }
    }

    @Test
    void theServerMayLeaveDuringThePause() {
        try (Conversation conversation = Conversation.atPause()) {
            conversation.serverCloses();
            assertThat(conversation.failure(Closed.class).waitingFor()).contains("option mode");
        }
    }

    @Test
    void bytesDuringThePauseAreAViolation() {
        try (Conversation conversation = Conversation.atPause()) {
            conversation.server(LIST_ACK);
            conversation.failure(Violated.class);
        }
    }

    @Test
    void everythingIsRefusedAfterTheEnd() {
        try (Conversation conversation = Conversation.atPause()) {
            conversation.serverCloses();
            conversation.handler.list(exports);
            conversation.handler.abort(done);
            assertThat(exports.failure()).isEqualTo(new OptionFailure.NotNow("the handshake is over"));
            assertThat(done.failure()).isInstanceOf(OptionFailure.NotNow.class);
        }
    }

    @Test
    void withoutFixedNewstyleOnlyGoAndAbortAreLeft() {
        try (Conversation conversation = new Conversation(NegotiationSettings.DEFAULT.withOptionMode(true))) {
            // Given
            conversation.server("'NBDMAGIC' 'IHAVEOPT' 0000").client("00000000");
            conversation.assertPausedOnce();
            assertThat(conversation.agreed())
                    .isEqualTo(new NegotiationFacts(ProtocolStyle.NEWSTYLE, 0, false, false, false, List.of()));
            // When
            conversation.handler.list(exports);
            conversation.handler.info(WISH, information);
            // Then
            assertThat(exports.failure()).isEqualTo(new OptionFailure.Unsupported("LIST"));
            assertThat(information.failure()).isEqualTo(new OptionFailure.Unsupported("INFO"));
            conversation.clientIsSilent();
            // When
            Outcome<OptionResult.Information> go = new Outcome<>();
            conversation.handler.go(WISH, go);
            conversation.client(OPTION + "00000001 00000000").server("0000000000100000 0001 00*124");
            // Then
            assertThat(go.value().export().style()).isEqualTo(ProtocolStyle.NEWSTYLE);
        }
    }

    @Test
    void withoutFixedNewstyleAbortHangsUp() {
        try (Conversation conversation = new Conversation(NegotiationSettings.DEFAULT.withOptionMode(true))) {
            conversation.server("'NBDMAGIC' 'IHAVEOPT' 0000").client("00000000");
            conversation.handler.abort(done);
            assertThat(done.value()).isNotNull();
            conversation.clientIsSilent().failure(Aborted.class);
        }
    }
}
