package io.nbd4j.testkit.internal.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.golden.WireBytes;
import io.nbd4j.testkit.fault.Fault;
import io.nbd4j.testkit.fault.Hold;
import io.nbd4j.testkit.fault.OversizedLength;
import io.nbd4j.testkit.fault.UnknownInfo;
import io.nbd4j.testkit.internal.fault.Emission.How;
import io.nbd4j.testkit.transcript.ServerMessage;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Bytes typed from the specification. */
class AnswerFaultsTest {
    private static final String OPTION = "0003e889045565a9";

    private static final Message GREETING =
            new Message(new ServerMessage.Greeting(false, 3), WireBytes.parse("'NBDMAGIC' 'IHAVEOPT' 0003"));
    private static final Message INFO = new Message(
            new ServerMessage.OptionReply(7, 3, 12),
            WireBytes.parse(OPTION + "00000007 00000003 0000000c 0000 0000000004000000 0ded"));
    private static final Message ACK =
            new Message(new ServerMessage.OptionReply(7, 1, 0), WireBytes.parse(OPTION + "00000007 00000001 00000000"));
    private static final Message STARTTLS_ACK =
            new Message(new ServerMessage.OptionReply(5, 1, 0), WireBytes.parse(OPTION + "00000005 00000001 00000000"));
    private static final Message REFUSED = new Message(
            new ServerMessage.OptionReply(5, 0x8000_0001, 2),
            WireBytes.parse(OPTION + "00000005 80000001 00000002 'no'"));
    private static final Message EXPORT_NAME =
            new Message(new ServerMessage.ExportNameAnswer(10), WireBytes.parse("0000000004000000 0d6d"));
    private static final Message OK = new Message(
            new ServerMessage.SimpleReply(0, 0xa1, 0), WireBytes.parse("67446698 00000000 00000000000000a1"));
    private static final Message SIMPLE_READ = new Message(
            new ServerMessage.SimpleReply(0, 0xa1, 4), WireBytes.parse("67446698 00000000 00000000000000a1 'abcd'"));
    private static final Message DATA_DONE =
            chunk("668e33ef 0001 0001 00000000000000a1 0000000c 0000000000001000 'abcd'");
    private static final Message DATA_1 = chunk("668e33ef 0000 0001 00000000000000a1 0000000a 0000000000001000 'ab'");
    private static final Message DATA_2 = chunk("668e33ef 0001 0001 00000000000000a1 0000000a 0000000000001002 'cd'");
    private static final Message HOLE = chunk("668e33ef 0001 0002 00000000000000a1 0000000c 0000000000001002 00000200");
    private static final Message NONE = chunk("668e33ef 0001 0000 00000000000000a1 00000000");
    private static final Message STATUS =
            chunk("668e33ef 0001 0005 00000000000000a1 0000000c 00000007 00001000 00000000");
    private static final Message EXTENDED =
            chunk("6e8a278c 0001 0001 00000000000000a1 0000000000001000 000000000000000c 0000000000001000 'abcd'");

    private static Message chunk(String wire) {
        return Message.chunk(WireBytes.parse(wire));
    }

    static Stream<Arguments> changes() {
        return Stream.of(
                Arguments.of(Fault.wrongCookie(), List.of(OK), "67446698 00000000 ffffffffffffff5e"),
                Arguments.of(
                        Fault.wrongCookie(),
                        List.of(DATA_1, NONE),
                        "668e33ef 0000 0001 ffffffffffffff5e 0000000a 0000000000001000 'ab'"
                                + "668e33ef 0001 0000 ffffffffffffff5e 00000000"),
                Arguments.of(Fault.wrongCookie(), List.of(ACK), OPTION + "fffffff8 00000001 00000000"),
                Arguments.of(Fault.wrongMagic(), List.of(GREETING), "'NBDMAGIB' 'IHAVEOPT' 0003"),
                Arguments.of(Fault.wrongMagic(), List.of(ACK), "0003e889045565a8 00000007 00000001 00000000"),
                Arguments.of(Fault.wrongMagic(), List.of(OK), "67446699 00000000 00000000000000a1"),
                Arguments.of(Fault.wrongMagic(), List.of(NONE), "668e33ee 0001 0000 00000000000000a1 00000000"),
                Arguments.of(Fault.wrongLength(3), List.of(ACK), OPTION + "00000007 00000001 00000003"),
                Arguments.of(
                        Fault.wrongLength(-1),
                        List.of(DATA_DONE),
                        "668e33ef 0001 0001 00000000000000a1 0000000b 0000000000001000 'abcd'"),
                Arguments.of(
                        Fault.wrongLength(1),
                        List.of(EXTENDED),
                        "6e8a278c 0001 0001 00000000000000a1 0000000000001000 000000000000000d 0000000000001000 'abcd'"),
                Arguments.of(
                        Fault.wrongLength(2), List.of(SIMPLE_READ), "67446698 00000000 00000000000000a1 'abcd' 0000"),
                Arguments.of(Fault.wrongLength(-3), List.of(SIMPLE_READ), "67446698 00000000 00000000000000a1 'a'"),
                Arguments.of(Fault.oversizedLength(), List.of(ACK), OPTION + "00000007 00000001 fffffff0"),
                Arguments.of(Fault.oversizedLength(), List.of(NONE), "668e33ef 0001 0000 00000000000000a1 fffffff0"),
                Arguments.of(
                        new OversizedLength(1L << 40),
                        List.of(EXTENDED),
                        "6e8a278c 0001 0001 00000000000000a1 0000000000001000 0000010000000000 0000000000001000 'abcd'"),
                Arguments.of(
                        Fault.duplicate(),
                        List.of(OK),
                        "67446698 00000000 00000000000000a1 67446698 00000000 00000000000000a1"),
                Arguments.of(Fault.append(new byte[] {1, 2}), List.of(OK), "67446698 00000000 00000000000000a1 0102"),
                Arguments.of(
                        Fault.splitChunks(3),
                        List.of(DATA_DONE),
                        "668e33ef 0000 0001 00000000000000a1 0000000b 0000000000001000 'abc'"
                                + "668e33ef 0001 0001 00000000000000a1 00000009 0000000000001003 'd'"),
                Arguments.of(
                        Fault.splitChunks(2),
                        List.of(EXTENDED),
                        "6e8a278c 0000 0001 00000000000000a1 0000000000001000 000000000000000a 0000000000001000 'ab'"
                                + "6e8a278c 0001 0001 00000000000000a1 0000000000001000 000000000000000a 0000000000001002 'cd'"),
                Arguments.of(
                        Fault.mergeChunks(),
                        List.of(DATA_1, DATA_2),
                        "668e33ef 0001 0001 00000000000000a1 0000000c 0000000000001000 'abcd'"),
                Arguments.of(
                        Fault.overlapChunks(),
                        List.of(DATA_DONE),
                        "668e33ef 0000 0001 00000000000000a1 0000000c 0000000000001000 'abcd'"
                                + "668e33ef 0001 0001 00000000000000a1 0000000a 0000000000001002 'cd'"),
                Arguments.of(
                        Fault.overlapChunks(),
                        List.of(STATUS),
                        "668e33ef 0000 0005 00000000000000a1 0000000c 00000007 00001000 00000000"
                                + "668e33ef 0001 0005 00000000000000a1 0000000c 00000007 00001000 00000000"),
                Arguments.of(
                        Fault.omitChunk(),
                        List.of(DATA_DONE),
                        "668e33ef 0000 0001 00000000000000a1 0000000a 0000000000001000 'ab'"
                                + "668e33ef 0001 0000 00000000000000a1 00000000"),
                Arguments.of(
                        Fault.omitChunk(),
                        List.of(DATA_1, HOLE),
                        "668e33ef 0000 0001 00000000000000a1 0000000a 0000000000001000 'ab'"
                                + "668e33ef 0001 0000 00000000000000a1 00000000"),
                Arguments.of(Fault.omitChunk(), List.of(STATUS), "668e33ef 0001 0000 00000000000000a1 00000000"),
                Arguments.of(
                        Fault.errorAfterData(NbdError.EIO, "disk"),
                        List.of(DATA_DONE),
                        "668e33ef 0000 0001 00000000000000a1 0000000c 0000000000001000 'abcd'"
                                + "668e33ef 0001 8001 00000000000000a1 0000000a 00000005 0004 'disk'"),
                Arguments.of(
                        Fault.errorAfterData(NbdError.EIO, ""),
                        List.of(DATA_1, NONE),
                        "668e33ef 0000 0001 00000000000000a1 0000000a 0000000000001000 'ab'"
                                + "668e33ef 0001 8001 00000000000000a1 00000006 00000005 0000"),
                Arguments.of(
                        Fault.unknownChunk(7),
                        List.of(NONE),
                        "668e33ef 0000 0007 00000000000000a1 00000004 00000000"
                                + "668e33ef 0001 0000 00000000000000a1 00000000"),
                Arguments.of(
                        Fault.unknownOptionReply(5),
                        List.of(ACK),
                        OPTION + "00000007 00000005 00000004 00000000" + OPTION + "00000007 00000001 00000000"),
                Arguments.of(
                        new UnknownInfo(0x7777, 3),
                        List.of(INFO, ACK),
                        OPTION + "00000007 00000003 00000005 7777 000000"
                                + OPTION + "00000007 00000003 0000000c 0000 0000000004000000 0ded"
                                + OPTION + "00000007 00000001 00000000"),
                Arguments.of(
                        Fault.plaintextBehindAck(),
                        List.of(STARTTLS_ACK),
                        OPTION + "00000005 00000001 00000000" + OPTION + "00000008 00000001 00000000"));
    }

    @ParameterizedTest
    @MethodSource("changes")
    void changesTheBytes(Fault fault, List<Message> answer, String expected) {
        List<String> before = answer.stream().map(AnswerFaultsTest::hex).toList();

        Effect effect = AnswerFaults.apply(fault, answer);

        assertThat(effect.objection()).isNull();
        assertThat(sent(effect)).isEqualTo(HexFormat.of().formatHex(WireBytes.parse(expected)));
        assertThat(answer.stream().map(AnswerFaultsTest::hex))
                .as("what was meant")
                .isEqualTo(before);
    }

    static Stream<Arguments> objections() {
        return Stream.of(
                Arguments.of(Fault.splitChunks(2), List.of(SIMPLE_READ), "a simple reply has no chunks"),
                Arguments.of(Fault.splitChunks(4), List.of(DATA_DONE), "no chunk has more than 4 bytes of data"),
                Arguments.of(Fault.mergeChunks(), List.of(OK), "a simple reply has no chunks"),
                Arguments.of(Fault.mergeChunks(), List.of(DATA_1, HOLE), "no two chunks of data follow each other"),
                Arguments.of(Fault.mergeChunks(), List.of(DATA_2, DATA_1), "no two chunks of data follow each other"),
                Arguments.of(Fault.overlapChunks(), List.of(SIMPLE_READ), "a simple reply has no chunks"),
                Arguments.of(Fault.overlapChunks(), List.of(NONE), "no chunk has content"),
                Arguments.of(Fault.omitChunk(), List.of(SIMPLE_READ), "a simple reply has no chunks"),
                Arguments.of(Fault.omitChunk(), List.of(NONE), "no chunk has content"),
                Arguments.of(Fault.errorAfterData(NbdError.EIO, ""), List.of(OK), "the answer has no data"),
                Arguments.of(Fault.errorAfterData(NbdError.EIO, ""), List.of(NONE), "no chunk has content"),
                Arguments.of(Fault.unknownChunk(7), List.of(OK), "a simple reply has no chunks"),
                Arguments.of(Fault.unknownInfo(7), List.of(ACK), "the answer has no information items"),
                Arguments.of(
                        Fault.unknownOptionReply(7), List.of(EXPORT_NAME), "the answer to EXPORT_NAME has no type"),
                Arguments.of(Fault.plaintextBehindAck(), List.of(REFUSED), "STARTTLS was not acknowledged"),
                Arguments.of(Fault.wrongMagic(), List.of(EXPORT_NAME), "the answer has no magic number"),
                Arguments.of(Fault.wrongCookie(), List.of(EXPORT_NAME), "the answer echoes nothing"),
                Arguments.of(Fault.wrongLength(1), List.of(OK), "the answer states no length"),
                Arguments.of(Fault.wrongLength(-1), List.of(ACK), "its length is only 0"),
                Arguments.of(Fault.oversizedLength(), List.of(SIMPLE_READ), "the answer states no length"),
                Arguments.of(Fault.truncate(16), List.of(OK), "the answer has only 16 bytes"));
    }

    @ParameterizedTest
    @MethodSource("objections")
    void leavesAnAnswerAsItIsWhereAFaultMakesNoSense(Fault fault, List<Message> answer, String objection) {
        Effect effect = AnswerFaults.apply(fault, answer);

        assertThat(effect.objection()).isEqualTo(objection);
        assertThat(sent(effect))
                .isEqualTo(answer.stream().map(AnswerFaultsTest::hex).reduce("", String::concat));
    }

    @Test
    void waitsInFrontOfTheAnswer() {
        // Given
        Hold hold = Fault.hold();
        Duration time = Duration.ofMillis(200);
        Emission answer = new Emission.Send(OK);

        // When // Then
        assertThat(emissions(Fault.delay(time), OK)).containsExactly(new Emission.Pause(time), answer);
        assertThat(emissions(hold, OK)).containsExactly(new Emission.Await(hold), answer);
        assertThat(emissions(Fault.reorder(2), OK)).containsExactly(new Emission.AwaitAnswers(2), answer);
    }

    @Test
    void endsTheConnectionInsteadOfAnswering() {
        assertThat(emissions(Fault.silence(), OK)).isEmpty();
        assertThat(emissions(Fault.drop(), OK)).containsExactly(new Emission.End(How.CLOSE));
        assertThat(emissions(Fault.reset(), OK)).containsExactly(new Emission.End(How.RESET));
        assertThat(emissions(Fault.halfClose(), OK)).containsExactly(new Emission.End(How.HALF_CLOSE));
    }

    @Test
    void cutsAnAnswerAnywhere() {
        for (int bytes = 0; bytes < 36; bytes++) {
            Effect effect = AnswerFaults.apply(Fault.truncate(bytes), List.of(OK, NONE));

            assertThat(sent(effect)).isEqualTo((hex(OK) + hex(NONE)).substring(0, 2 * bytes));
            assertThat(effect.emissions()).endsWith(new Emission.End(How.CLOSE));
        }
    }

    @Test
    void breaksASimpleReplyOffInTheMiddleOfItsData() {
        Effect effect = AnswerFaults.apply(Fault.errorAfterData(NbdError.EIO, "disk"), List.of(SIMPLE_READ));

        assertThat(sent(effect)).isEqualTo(hex(SIMPLE_READ).substring(0, 2 * 18));
        assertThat(effect.emissions()).endsWith(new Emission.End(How.CLOSE));
    }

    @Test
    void whatIsRefusedHasNoAnswer() {
        assertThatThrownBy(() -> AnswerFaults.apply(Fault.refuse(NbdError.EIO), List.of(OK)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static List<Emission> emissions(Fault fault, Message... answer) {
        return AnswerFaults.apply(fault, List.of(answer)).emissions();
    }

    private static String sent(Effect effect) {
        StringBuilder out = new StringBuilder();
        for (Emission emission : effect.emissions()) {
            if (emission instanceof Emission.Send send) {
                out.append(hex(send.message()));
            }
        }
        return out.toString();
    }

    private static String hex(Message message) {
        return HexFormat.of().formatHex(message.bytes());
    }
}
