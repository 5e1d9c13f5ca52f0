package io.nbd4j.testkit.fault;

import static io.nbd4j.testkit.fault.FaultRule.when;
import static io.nbd4j.testkit.fault.Matcher.anyCommand;
import static io.nbd4j.testkit.fault.Matcher.anyOption;
import static io.nbd4j.testkit.fault.Matcher.command;
import static io.nbd4j.testkit.fault.Matcher.connect;
import static io.nbd4j.testkit.fault.Matcher.option;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.nbd4j.codec.handshake.OptionType;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class FaultParserTest {
    static Stream<Arguments> rules() {
        return Stream.of(
                Arguments.of(
                        "on READ nth 5: refuse EIO",
                        when(command(CommandType.READ)).nth(5).then(Fault.refuse(NbdError.EIO))),
                Arguments.of(
                        "on GO always: refuse ERR_POLICY 'go away'",
                        when(option(OptionType.GO)).always().then(Fault.refuse(OptionReplyType.ERR_POLICY, "go away"))),
                Arguments.of(
                        "on GO export 'it''s' always: refuse 0x8000007f",
                        when(option(OptionType.GO).export("it's")).always().then(new RefuseOption(0x8000_007f, ""))),
                Arguments.of(
                        "on READ always: refuse 12345 'odd'",
                        when(command(CommandType.READ)).always().then(new RefuseCommand(12345, "odd"))),
                Arguments.of(
                        "on WRITE rate 0.01 seed 7: drop",
                        when(command(CommandType.WRITE)).rate(0.01, 7).then(Fault.drop())),
                Arguments.of("on CONNECT nth 2: reset", when(connect()).nth(2).then(Fault.reset())),
                Arguments.of(
                        "on DISC always: half-close",
                        when(command(CommandType.DISC)).always().then(Fault.halfClose())),
                Arguments.of(
                        "on WRITE at 4096+512 with FUA nth 1: delay 200ms",
                        when(command(CommandType.WRITE).at(4096, 512).with(CommandFlag.FUA))
                                .nth(1)
                                .then(Fault.delay(Duration.ofMillis(200)))),
                Arguments.of(
                        "on COMMAND always: silence",
                        when(anyCommand()).always().then(Fault.silence())),
                Arguments.of(
                        "on OPTION always: truncate 7",
                        when(anyOption()).always().then(Fault.truncate(7))),
                Arguments.of(
                        "on READ always: wrong cookie",
                        when(command(CommandType.READ)).always().then(Fault.wrongCookie())),
                Arguments.of(
                        "on LIST always: wrong magic",
                        when(option(OptionType.LIST)).always().then(Fault.wrongMagic())),
                Arguments.of(
                        "on READ always: wrong length -8",
                        when(command(CommandType.READ)).always().then(Fault.wrongLength(-8))),
                Arguments.of(
                        "on READ always: wrong length +8",
                        when(command(CommandType.READ)).always().then(Fault.wrongLength(8))),
                Arguments.of(
                        "on INFO always: oversized length 0xfffffff0",
                        when(option(OptionType.INFO)).always().then(Fault.oversizedLength())),
                Arguments.of(
                        "on READ always: reorder 3",
                        when(command(CommandType.READ)).always().then(Fault.reorder(3))),
                Arguments.of(
                        "on READ always: duplicate",
                        when(command(CommandType.READ)).always().then(Fault.duplicate())),
                Arguments.of(
                        "on READ always: split 512",
                        when(command(CommandType.READ)).always().then(Fault.splitChunks(512))),
                Arguments.of(
                        "on READ always: merge",
                        when(command(CommandType.READ)).always().then(Fault.mergeChunks())),
                Arguments.of(
                        "on READ always: overlap",
                        when(command(CommandType.READ)).always().then(Fault.overlapChunks())),
                Arguments.of(
                        "on READ always: omit",
                        when(command(CommandType.READ)).always().then(Fault.omitChunk())),
                Arguments.of(
                        "on READ always: error after data EIO 'disk'",
                        when(command(CommandType.READ)).always().then(Fault.errorAfterData(NbdError.EIO, "disk"))),
                Arguments.of(
                        "on READ always: unknown chunk 0x7 length 4",
                        when(command(CommandType.READ)).always().then(Fault.unknownChunk(7))),
                Arguments.of(
                        "on GO always: unknown reply 0x5 length 4",
                        when(option(OptionType.GO)).always().then(Fault.unknownOptionReply(5))),
                Arguments.of(
                        "on GO always: unknown info 0x7777 length 300",
                        when(option(OptionType.GO)).always().then(new UnknownInfo(0x7777, 300))),
                Arguments.of(
                        "on STARTTLS always: plaintext",
                        when(option(OptionType.STARTTLS)).always().then(Fault.plaintextBehindAck())),
                Arguments.of(
                        "on READ nth 1: append 00ff",
                        when(command(CommandType.READ)).nth(1).then(Fault.append(new byte[] {0, -1}))));
    }

    @ParameterizedTest
    @MethodSource("rules")
    void readsARuleThatReadsBackAsTheSameText(String text, FaultRule expected) {
        FaultRule rule = FaultParser.parse(text);

        assertThat(rule).isEqualTo(expected);
        assertThat(rule).hasToString(text);
    }

    @Test
    void aHoldOfATextIsAHandleOfItsOwn() {
        assertThat(FaultParser.parse("on READ nth 1: hold").fault())
                .isInstanceOf(Hold.class)
                .hasToString("hold");
    }

    @Test
    void caseAndSpaceDoNotMatterAndSizesMayHaveUnits() {
        assertThat(FaultParser.parse("  ON  read at 1k+2M  Always :Drop "))
                .isEqualTo(when(command(CommandType.READ).at(1024, 2 << 20))
                        .always()
                        .then(Fault.drop()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "READ nth 1: drop|column 1: expected 'on', found 'READ'",
                "on|column 3: expected CONNECT, OPTION, COMMAND, an option such as GO or a command such as READ at the end",
                "on REED nth 1: drop|column 4: 'REED' is none of CONNECT",
                "on READ drop|column 9: 'drop' is none of 'nth N', 'always' or 'rate P seed S'",
                "on READ nth 0: drop|column 13: nth 0; the first match is 1",
                "on READ nth x: drop|column 13: 'x' is no number",
                "on READ rate 2 seed 1: drop|column 14: a rate of 2.0",
                "on READ rate 0.5: drop|column 17: expected 'seed', found ':'",
                "on READ always drop|column 16: expected ':', found 'drop'",
                "on READ always:|column 16: expected a fault: refuse",
                "on READ always: explode|column 17: 'explode' is no fault; there are refuse",
                "on READ always: refuse EIOO|column 24: 'EIOO' is none of EPERM, EIO, ENOMEM",
                "on READ always: refuse 0|column 24: error 0 is success",
                "on READ always: refuse EIO 'text|column 28: the quote has no end",
                "on READ always: drop now|column 22: expected the end of the rule, found 'now'",
                "on READ always: delay soon|column 23: 'soon' is no time such as 200ms or 2s",
                "on READ always: delay 0s|column 23: a delay of PT0S",
                "on READ always: wrong cooky|column 23: 'cooky' is none of cookie, magic or length",
                "on READ always: unknown chunk 1|column 31: chunk type 1 exists: OFFSET_DATA",
                "on READ always: unknown thing 9|column 25: 'thing' is none of chunk, reply or info",
                "on READ always: append xyz|column 24: ",
                "on READ at 5 always: drop|column 12: '5' is no range such as 4096+512",
                "on READ with FUN always: drop|column 14: 'FUN' is none of FUA, NO_HOLE",
                "on READ always: refuse ERR_POLICY|column 17: 'refuse ERR_POLICY' cannot happen to a command, which is refused with an errno such as EIO",
                "on GO always: refuse EIO|column 15: 'refuse EIO' cannot happen to an option, which is refused with an option reply such as ERR_POLICY",
                "on CONNECT always: refuse EIO|column 20: 'refuse EIO' cannot happen to a greeting",
                "on DISC always: duplicate|column 17: 'duplicate' cannot happen to DISC",
                "on GO always: plaintext|column 15: 'plaintext' can happen to STARTTLS only",
                "on READ always: split 99999999999|column 23: integer overflow",
            })
    void saysWhatIsWrongAndWhereInOneLine(String text, String problem) {
        assertThatThrownBy(() -> FaultPlan.parse("on READ always: silence", text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("fault rule '" + text + "', " + problem)
                .hasMessageNotContaining("\n");
    }
}
