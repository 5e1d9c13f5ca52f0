package io.nbd4j.testkit;

import static io.nbd4j.testkit.fault.FaultRule.when;
import static io.nbd4j.testkit.fault.Matcher.command;
import static io.nbd4j.testkit.fault.Matcher.connect;
import static io.nbd4j.testkit.fault.Matcher.option;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.golden.WireBytes;
import io.nbd4j.codec.handshake.OptionType;
import io.nbd4j.testkit.fault.Fault;
import io.nbd4j.testkit.fault.FaultPlan;
import io.nbd4j.testkit.fault.Hold;
import io.nbd4j.testkit.transcript.ClientMessage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What faults look like on the wire, byte for byte. Typed from the specification. */
@Timeout(60)
class FaultWireIT {
    private static final String GREETING = "'NBDMAGIC' 'IHAVEOPT' 0003";
    private static final String REPLY = "0003e889045565a9";
    private static final String GO = "'IHAVEOPT' 00000007 00000006 00000000 0000";
    private static final String LIST = "'IHAVEOPT' 00000003 00000000";
    private static final String LIST_ACK =
            REPLY + "00000003 00000002 00000004 00000000" + REPLY + "00000003 00000001 00000000";
    private static final String STRUCTURED_REPLY = "'IHAVEOPT' 00000008 00000000";
    private static final String STRUCTURED_REPLY_ACK = REPLY + "00000008 00000001 00000000";
    private static final String EXTENDED_HEADERS = "'IHAVEOPT' 0000000b 00000000";
    private static final String INFO = REPLY + "00000007 00000003 0000000c 0000 0000000000010000";
    private static final String GO_ACK = REPLY + "00000007 00000001 00000000";
    private static final String GO_SIMPLE = INFO + "050f" + GO_ACK;
    private static final String GO_STRUCTURED = INFO + "058f" + GO_ACK;

    private static final int GO_LENGTH = 20 + 12 + 20;

    /** Eight bytes of the pattern, at 4096. */
    private static final String DATA = "0000000000001000";

    private static final String READ = "25609513 0000 0000 00000000000000a1 0000000000001000 00000008";
    private static final String SIMPLE_READ = "67446698 00000000 00000000000000a1" + DATA;
    private static final String CHUNK_READ = "668e33ef 0001 0001 00000000000000a1 00000010 0000000000001000" + DATA;
    private static final String EXTENDED_READ = "21e41c71 0000 0000 00000000000000a1 0000000000001000 0000000000000008";
    private static final String FLUSH = "25609513 0000 0003 00000000000000f1 0000000000000000 00000000";
    private static final String FLUSHED = "67446698 00000000 00000000000000f1";
    private static final String DISC = "25609513 0000 0002 0000000000000000 0000000000000000 00000000";

    private TestServer server = server(FaultPlan.of());

    @AfterEach
    void stop() {
        server.close();
    }

    static Stream<Arguments> simple() {
        return Stream.of(
                Arguments.of("refuse EIO 'no room for a text'", "67446698 00000005 00000000000000a1"),
                Arguments.of("refuse 12345", "67446698 00003039 00000000000000a1"),
                Arguments.of("delay 1ms", SIMPLE_READ),
                Arguments.of("wrong cookie", "67446698 00000000 ffffffffffffff5e" + DATA),
                Arguments.of("wrong magic", "67446699 00000000 00000000000000a1" + DATA),
                Arguments.of("wrong length +2", SIMPLE_READ + "0000"),
                Arguments.of("wrong length -6", "67446698 00000000 00000000000000a1 0000"),
                Arguments.of("duplicate", SIMPLE_READ + SIMPLE_READ),
                Arguments.of("append 00ff", SIMPLE_READ + "00ff"));
    }

    @ParameterizedTest
    @MethodSource
    void simple(String fault, String answer) throws Exception {
        restart("on READ nth 1: " + fault);
        try (RawClient client = transmission(GO_SIMPLE)) {
            client.send(READ).expect(answer).send(READ).expect(SIMPLE_READ);
            client.send(DISC).expectEnd();
        }
        assertThat(server.faults().unusedRules()).isEmpty();
    }

    static Stream<Arguments> chunks() {
        return Stream.of(
                Arguments.of("refuse EIO 'disk'", "668e33ef 0001 8001 00000000000000a1 0000000a 00000005 0004 'disk'"),
                Arguments.of("delay 1ms", CHUNK_READ),
                Arguments.of("wrong cookie", "668e33ef 0001 0001 ffffffffffffff5e 00000010 0000000000001000" + DATA),
                Arguments.of("wrong magic", "668e33ee 0001 0001 00000000000000a1 00000010 0000000000001000" + DATA),
                Arguments.of("wrong length +1", "668e33ef 0001 0001 00000000000000a1 00000011 0000000000001000" + DATA),
                Arguments.of(
                        "oversized length", "668e33ef 0001 0001 00000000000000a1 fffffff0 0000000000001000" + DATA),
                Arguments.of("duplicate", CHUNK_READ + CHUNK_READ),
                Arguments.of(
                        "split 5",
                        "668e33ef 0000 0001 00000000000000a1 0000000d 0000000000001000 0000000000"
                                + "668e33ef 0001 0001 00000000000000a1 0000000b 0000000000001005 001000"),
                Arguments.of(
                        "overlap",
                        "668e33ef 0000 0001 00000000000000a1 00000010 0000000000001000" + DATA
                                + "668e33ef 0001 0001 00000000000000a1 0000000c 0000000000001004 00001000"),
                Arguments.of(
                        "omit",
                        "668e33ef 0000 0001 00000000000000a1 0000000c 0000000000001000 00000000"
                                + "668e33ef 0001 0000 00000000000000a1 00000000"),
                Arguments.of(
                        "error after data ENOMEM 'late'",
                        "668e33ef 0000 0001 00000000000000a1 00000010 0000000000001000" + DATA
                                + "668e33ef 0001 8001 00000000000000a1 0000000a 0000000c 0004 'late'"),
                Arguments.of(
                        "unknown chunk 7 length 2", "668e33ef 0000 0007 00000000000000a1 00000002 0000" + CHUNK_READ));
    }

    @ParameterizedTest
    @MethodSource
    void chunks(String fault, String answer) throws Exception {
        restart("on READ nth 1: " + fault);
        try (RawClient client = structured()) {
            client.send(READ).expect(answer).send(READ).expect(CHUNK_READ);
            client.send(DISC).expectEnd();
        }
        assertThat(server.faults().unusedRules()).isEmpty();
    }

    @Test
    void extendedChunks() throws Exception {
        restart(
                "on READ nth 1: refuse EIO 'disk'",
                "on READ nth 2: omit",
                "on READ nth 3: oversized length 0x10000000000");
        try (RawClient client = greeted()) {
            client.send(EXTENDED_HEADERS)
                    .expect(REPLY + "0000000b 00000001 00000000")
                    .send(GO)
                    .expect(GO_STRUCTURED);
            client.send(EXTENDED_READ)
                    .expect(
                            "6e8a278c 0001 8001 00000000000000a1 0000000000001000 000000000000000a 00000005 0004 'disk'");
            client.send(EXTENDED_READ)
                    .expect(
                            "6e8a278c 0000 0001 00000000000000a1 0000000000001000 000000000000000c 0000000000001000 00000000"
                                    + "6e8a278c 0001 0000 00000000000000a1 0000000000001000 0000000000000000");
            client.send(EXTENDED_READ)
                    .expect("6e8a278c 0001 0001 00000000000000a1 0000000000001000 0000010000000000 0000000000001000"
                            + DATA);
        }
        assertThat(server.faults().unusedRules()).isEmpty();
    }

    @Test
    void mergedChunks() throws Exception {
        // The server's own pieces have 256 KiB.
        restart(TestServer.builder().export("", PatternExport.ofSize(1 << 20)), "on READ nth 1: merge");
        try (RawClient client = greeted()) {
            client.send(STRUCTURED_REPLY).expect(STRUCTURED_REPLY_ACK).send(GO);
            client.read(GO_LENGTH);
            client.send("25609513 0000 0000 00000000000000a1 0000000000000000 00080000")
                    .expect("668e33ef 0001 0001 00000000000000a1 00080008 0000000000000000 0000000000000000");
            client.read((1 << 19) - 16);
            client.expect("000000000007fff8").send(FLUSH).expect(FLUSHED);
        }
        assertThat(server.faults().unusedRules()).isEmpty();
    }

    static Stream<Arguments> options() {
        return Stream.of(
                Arguments.of("refuse ERR_POLICY 'go away'", REPLY + "00000003 80000002 00000007 'go away'"),
                Arguments.of("refuse 0x8000007f", REPLY + "00000003 8000007f 00000000"),
                Arguments.of("delay 1ms", LIST_ACK),
                Arguments.of("wrong magic", LIST_ACK.replaceFirst("a9", "a8")),
                Arguments.of("wrong cookie", LIST_ACK.replace("00000003 0000", "fffffffc 0000")),
                Arguments.of("wrong length -4", LIST_ACK.replaceFirst("00000004", "00000000")),
                Arguments.of("oversized length", LIST_ACK.replaceFirst("00000004", "fffffff0")),
                Arguments.of("duplicate", LIST_ACK + LIST_ACK),
                Arguments.of("unknown reply 5 length 1", REPLY + "00000003 00000005 00000001 00" + LIST_ACK),
                Arguments.of("append ff", LIST_ACK + "ff"));
    }

    @ParameterizedTest
    @MethodSource
    void options(String fault, String answer) throws Exception {
        restart("on LIST nth 1: " + fault);
        try (RawClient client = greeted()) {
            client.send(LIST).expect(answer).send(LIST).expect(LIST_ACK);
            client.send(GO).expect(GO_SIMPLE).send(READ).expect(SIMPLE_READ);
        }
        assertThat(server.faults().unusedRules()).isEmpty();
    }

    @Test
    void aRefusedGoLeavesTheServerHaggling() throws Exception {
        restart("on GO export '' nth 1: refuse ERR_SHUTDOWN", "on INFO always: unknown info 0x7777 length 3");
        try (RawClient client = greeted()) {
            client.send(GO).expect(REPLY + "00000007 80000007 00000000");
            client.send("'IHAVEOPT' 00000006 00000006 00000000 0000")
                    .expect(REPLY + "00000006 00000003 00000005 7777 000000"
                            + REPLY + "00000006 00000003 0000000c 0000 0000000000010000 050f"
                            + REPLY + "00000006 00000001 00000000");
            client.send(GO).expect(GO_SIMPLE);
        }
    }

    @Test
    void aRefusedWriteIsNotPerformedAndItsPayloadIsSwallowed() throws Exception {
        restart(TestServer.builder().export("", MemoryExport.ofSize(65536)), "on WRITE nth 1: refuse ENOSPC");
        try (RawClient client = greeted()) {
            client.send(GO);
            client.read(GO_LENGTH);
            client.send("25609513 0000 0001 00000000000000b1 0000000000001000 00000008 'abcd'")
                    .send("'efgh'")
                    .expect("67446698 0000001c 00000000000000b1")
                    .send(READ)
                    .expect("67446698 00000000 00000000000000a1 00*8");
            client.send("25609513 0000 0001 00000000000000b2 0000000000001000 00000008 'abcdefgh'")
                    .expect("67446698 00000000 00000000000000b2")
                    .send(READ)
                    .expect("67446698 00000000 00000000000000a1 'abcdefgh'");
        }
    }

    @Test
    void aHeldAnswerWaitsForTheTestWhileOthersOvertakeIt() throws Exception {
        // Given
        Hold hold = Fault.hold();
        restart(FaultPlan.of(when(command(CommandType.READ)).nth(1).then(hold)));
        try (RawClient client = transmission(GO_SIMPLE)) {
            // When
            client.send(READ + FLUSH).expect(FLUSHED);
            hold.held(1).join();
            hold.release();

            // Then
            client.expect(SIMPLE_READ).send(DISC).expectEnd();
        }
    }

    @Test
    void anOptionThatIsHeldKeepsTheNextOnesWaiting() throws Exception {
        // Given
        Hold hold = Fault.hold();
        restart(FaultPlan.of(when(option(OptionType.LIST)).nth(1).then(hold)));
        try (RawClient client = greeted()) {
            // When
            client.send(LIST + GO + READ);
            hold.held(1).join();
            hold.release();

            // Then
            client.expect(LIST_ACK).expect(GO_SIMPLE).expect(SIMPLE_READ);
        }
    }

    @Test
    void aGreetingThatIsHeldComesBeforeEverythingElse() throws Exception {
        // Given
        Hold hold = Fault.hold();
        restart(FaultPlan.of(when(connect()).nth(1).then(hold)));
        try (RawClient client = connection()) {
            // When
            client.send("00000003" + GO + READ);
            hold.held(1).join();
            hold.release();

            // Then
            client.expect(GREETING).expect(GO_SIMPLE).expect(SIMPLE_READ);
        }
    }

    /** Also a check for leaks: the connection ends while an answer, an option and a greeting are held. */
    @Test
    void aConnectionCanEndWhileSomethingIsHeld() throws Exception {
        // Given
        Hold hold = Fault.hold();
        restart(FaultPlan.of(
                when(connect()).nth(3).then(hold),
                when(option(OptionType.LIST)).nth(1).then(hold),
                when(command(CommandType.READ)).always().then(hold)));

        // When
        try (RawClient client = transmission(GO_SIMPLE);
                RawClient second = greeted();
                RawClient third = connection()) {
            client.send(READ);
            second.send(LIST + GO);
            third.send("00000003" + LIST);
            hold.held(3).join();
        }

        // Then
        restart();
        assertThat(hold.releaseOne()).isFalse();
    }

    @Test
    void aDelayedAnswerStillLeavesWhenTheClientSaysGoodbye() throws Exception {
        restart("on READ nth 1: delay 50ms");
        try (RawClient client = transmission(GO_SIMPLE)) {
            client.send(READ + DISC).expect(SIMPLE_READ).expectEnd();
        }
    }

    @Test
    void answersChangePlaces() throws Exception {
        restart("on READ nth 1: reorder 2");
        try (RawClient client = transmission(GO_SIMPLE)) {
            client.send(READ + FLUSH + FLUSH).expect(FLUSHED + FLUSHED + SIMPLE_READ);
            client.send(DISC).expectEnd();
        }
    }

    @Test
    void anAnswerThatWaitsForOthersInVainLeavesAtTheEnd() throws Exception {
        restart("on READ always: reorder 9");
        try (RawClient client = transmission(GO_SIMPLE)) {
            client.send(READ + FLUSH)
                    .expect(FLUSHED)
                    .send(DISC)
                    .expect(SIMPLE_READ)
                    .expectEnd();
        }
    }

    @Test
    void silenceAnswersNothingAndServesOn() throws Exception {
        restart("on READ nth 1: silence", "on LIST nth 1: silence");
        try (RawClient client = greeted()) {
            client.send(LIST + GO).expect(GO_SIMPLE);
            client.send(READ + FLUSH).expect(FLUSHED).send(READ).expect(SIMPLE_READ);
        }
    }

    @Test
    void aServerThatDoesNotHearDiscKeepsTheConnection() throws Exception {
        restart("on DISC always: silence");
        try (RawClient client = transmission(GO_SIMPLE)) {
            client.send(FLUSH + DISC + FLUSH).expect(FLUSHED);
        }
        assertThat(server.faults().unusedRules()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"drop", "half-close"})
    void endsInsteadOfAnswering(String fault) throws Exception {
        restart("on READ nth 1: " + fault, "on LIST nth 1: " + fault, "on CONNECT nth 3: " + fault);
        try (RawClient client = transmission(GO_SIMPLE)) {
            client.send(FLUSH + READ + FLUSH).expect(FLUSHED).expectEnd();
        }
        try (RawClient client = greeted()) {
            client.send(LIST).expectEnd();
        }
        try (RawClient client = connection()) {
            client.expectEnd();
        }
        assertThat(server.faults().unusedRules()).isEmpty();
    }

    @Test
    void aHalfClosedServerReadsOn() throws Exception {
        restart("on READ nth 1: half-close");
        try (RawClient client = transmission(GO_SIMPLE)) {
            client.send(READ).expectEnd();
            for (int i = 0; i < 64; i++) {
                client.send(FLUSH.repeat(2048)); // More than the buffers of both sides hold.
            }
        }
    }

    @Test
    void resetsTheConnection() throws Exception {
        restart("on READ nth 1: reset");
        try (RawClient client = transmission(GO_SIMPLE)) {
            client.send(READ);
            assertThatThrownBy(() -> client.read(1)).isInstanceOf(IOException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 15, 16, 23})
    void cutsAnAnswer(int bytes) throws Exception {
        restart("on READ nth 1: truncate " + bytes);
        try (RawClient client = transmission(GO_SIMPLE)) {
            byte[] whole = WireBytes.parse(SIMPLE_READ);
            client.send(READ);
            assertThat(client.read(bytes)).isEqualTo(Arrays.copyOf(whole, bytes));
            client.expectEnd();
        }
    }

    @Test
    void breaksASimpleReplyOff() throws Exception {
        restart("on READ nth 1: error after data EIO");
        try (RawClient client = transmission(GO_SIMPLE)) {
            client.send(READ)
                    .expect("67446698 00000000 00000000000000a1 00000000")
                    .expectEnd();
        }
    }

    static Stream<Arguments> greetings() {
        return Stream.of(
                Arguments.of("truncate 9", "'NBDMAGIC' 49", true),
                Arguments.of("wrong magic", "'NBDMAGIB' 'IHAVEOPT' 0003", false),
                Arguments.of("duplicate", GREETING + GREETING, false),
                Arguments.of("append ff", GREETING + "ff", false),
                Arguments.of("delay 1ms", GREETING, false));
    }

    @ParameterizedTest
    @MethodSource
    void greetings(String fault, String greeting, boolean ends) throws Exception {
        restart("on CONNECT nth 1: " + fault);
        try (RawClient client = connection()) {
            client.expect(greeting);
            if (ends) {
                client.expectEnd();
            } else {
                client.send("00000003" + GO).expect(GO_SIMPLE);
            }
        }
        assertThat(server.faults().unusedRules()).isEmpty();
    }

    @Test
    void aSilentServerSaysNothingToAClientThatLeavesAgain() throws Exception {
        restart("on CONNECT nth 1: silence");
        try (RawClient client = connection()) {
            client.send("00000003" + GO);
            await().until(() ->
                    server.faults().unusedRules().isEmpty()); // Or the next one may be the first to be seen.
        }
        try (RawClient client = greeted()) {
            client.send(GO).expect(GO_SIMPLE);
        }
    }

    @Test
    void otherHandshakesHaveFaultsToo() throws Exception {
        restart(
                TestServer.builder().export("", PatternExport.ofSize(65536)).handshake(HandshakeStyle.OLDSTYLE),
                "on READ nth 1: wrong cookie",
                "on CONNECT nth 2: drop");
        try (RawClient client = connection()) {
            client.expect("'NBDMAGIC' 0000420281861253 0000000000010000 0000 050f 00*124");
            client.send(READ).expect("67446698 00000000 ffffffffffffff5e" + DATA);
        }
        try (RawClient client = connection()) {
            client.expectEnd();
        }
        restart("on EXPORT_NAME nth 1: truncate 9", "on EXPORT_NAME nth 2: append 0000");
        try (RawClient client = greeted()) {
            client.send("'IHAVEOPT' 00000001 00000000")
                    .expect("0000000000010000 05")
                    .expectEnd();
        }
        try (RawClient client = greeted()) {
            client.send("'IHAVEOPT' 00000001 00000000").expect("0000000000010000 050f 0000");
            client.send(READ).expect(SIMPLE_READ);
        }
    }

    @Test
    void aFaultThatMakesNoSenseLeavesTheAnswerAndIsReported() throws Exception {
        restart("on READ always: merge", "on WRITE nth 7: drop");
        try (RawClient client = transmission(GO_SIMPLE)) {
            client.send(READ).expect(SIMPLE_READ);
        }
        assertThat(server.faults().unusedRules())
                .containsExactly(
                        "on READ always: merge (1 match; a simple reply has no chunks)",
                        "on WRITE nth 7: drop (0 matches)");
    }

    /** Answers that pass are streamed, and those of a fault must not get between their pieces. */
    @Test
    void doesNotInterruptALongAnswer() throws Exception {
        // Given
        Hold hold = Fault.hold();
        restart(
                TestServer.builder().export("", PatternExport.ofSize(64 << 20)),
                FaultPlan.of(when(command(CommandType.FLUSH)).always().then(hold)));
        try (RawClient client = greeted()) {
            client.send(GO);
            client.read(GO_LENGTH);

            // When
            client.send(FLUSH + "25609513 0000 0000 00000000000000a1 0000000000000000 02000000");
            hold.held(1).join();
            client.expect("67446698 00000000 00000000000000a1"); // The rest does not fit into the socket.
            hold.release();

            // Then
            byte[] data = client.read(32 << 20);
            for (int word = 0; word < data.length; word += 8) {
                assertThat(ByteBuffer.wrap(data).getLong(word)).isEqualTo(word);
            }
            client.expect(FLUSHED);
        }
    }

    @Test
    void writesATranscript() throws Exception {
        // Given
        restart(
                TestServer.builder().export("disk", PatternExport.ofSize(65536)).recordTranscript(),
                "on READ nth 1: wrong cookie",
                "on LIST nth 1: silence");

        // When
        try (RawClient client = greeted()) {
            client.send(LIST + "'IHAVEOPT' 00000007 0000000a 00000004 'disk' 0000")
                    .read(GO_LENGTH);
            client.send(READ).read(24);
            client.send(DISC + "'tail'").expectEnd();
        }

        // Then
        assertThat(server.transcript().toString().lines().map(line -> line.substring(line.indexOf('#'))))
                .containsExactly(
                        "#1 client  CONNECT",
                        "#1 server  greeting, handshake flags 0x3 (18 bytes)",
                        "#1 client  client flags 0x3 (4 bytes)",
                        "#1 client  LIST (16 bytes)",
                        "#1 server  says nothing [on LIST nth 1: silence]",
                        "#1 client  GO 'disk' (26 bytes)",
                        "#1 server  INFO to GO (32 bytes)",
                        "#1 server  ACK to GO (20 bytes)",
                        "#1 client  READ 4096+8 cookie 0xa1 (28 bytes)",
                        "#1 server  spoilt bytes 6744669800000000ffffffffffffff5e (24 bytes) [on READ nth 1: wrong cookie]",
                        "#1 client  DISC cookie 0x0 (28 bytes)",
                        "#1 client  bytes that are no message (4 bytes)",
                        "#1 server  end of stream");
        assertThat(server.transcript().bytesAfterDisc()).isEqualTo(4);
        assertThat(server.transcript().requests(CommandType.READ))
                .extracting(ClientMessage.Request::offset)
                .containsExactly(4096L);
    }

    @Test
    void aTranscriptHasToBeAskedFor() {
        assertThatThrownBy(() -> server.transcript())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("recordTranscript()");
    }

    private static TestServer server(FaultPlan plan) {
        return TestServer.builder()
                .export("", PatternExport.ofSize(65536))
                .faults(plan)
                .start();
    }

    private void restart(String... rules) {
        restart(FaultPlan.parse(rules));
    }

    private void restart(FaultPlan plan) {
        restart(TestServer.builder().export("", PatternExport.ofSize(65536)), plan);
    }

    private void restart(TestServer.Builder builder, String... rules) {
        restart(builder, FaultPlan.parse(rules));
    }

    private void restart(TestServer.Builder builder, FaultPlan plan) {
        server.close();
        server = builder.faults(plan).start();
    }

    private RawClient connection() throws IOException {
        return RawClient.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
    }

    private RawClient greeted() throws IOException {
        return connection().expect(GREETING).send("00000003");
    }

    private RawClient transmission(String goAnswer) throws IOException {
        return greeted().send(GO).expect(goAnswer);
    }

    private RawClient structured() throws IOException {
        return greeted()
                .send(STRUCTURED_REPLY)
                .expect(STRUCTURED_REPLY_ACK)
                .send(GO)
                .expect(GO_STRUCTURED);
    }
}
