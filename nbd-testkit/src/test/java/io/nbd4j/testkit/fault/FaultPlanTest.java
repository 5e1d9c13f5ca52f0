package io.nbd4j.testkit.fault;

import static io.nbd4j.testkit.fault.FaultRule.when;
import static io.nbd4j.testkit.fault.Matcher.anyCommand;
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
import io.nbd4j.testkit.transcript.ClientMessage;
import java.time.Duration;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class FaultPlanTest {
    private static final FaultRule FIFTH_READ =
            when(command(CommandType.READ)).nth(5).then(Fault.refuse(NbdError.EIO));

    @Test
    void theFirstRuleThatFiresWinsAndTheOthersCountOn() {
        // Given
        FaultRule second = when(anyCommand()).nth(2).then(Fault.drop());
        FaultRule each = when(command(CommandType.WRITE)).always().then(Fault.silence());
        FaultPlan plan = FaultPlan.of(second, each);

        // When // Then
        assertThat(plan.next(write(0, 1))).isSameAs(each);
        assertThat(plan.next(write(0, 1))).isSameAs(second);
        assertThat(plan.next(write(0, 1))).isSameAs(each);
        assertThat(plan.next(read(0, 1))).isNull();
    }

    @Test
    void aRuleThatHasDoneNothingIsReportedWithWhatHappened() {
        // Given
        FaultRule merge = when(command(CommandType.WRITE)).always().then(Fault.mergeChunks());
        FaultRule used = when(command(CommandType.FLUSH)).always().then(Fault.drop());
        FaultPlan plan = FaultPlan.of(FIFTH_READ, merge, used);

        // When
        plan.next(read(0, 1));
        plan.next(write(0, 1));
        plan.inapplicable(merge, "a simple reply has no chunks");
        plan.next(write(0, 1));
        plan.applied(used);

        // Then
        assertThat(plan.unusedRules())
                .containsExactly(
                        "on READ nth 5: refuse EIO (1 match)",
                        "on WRITE always: merge (2 matches; a simple reply has no chunks)");
    }

    @Test
    void twoEqualRulesAreCountedApart() {
        FaultPlan plan = FaultPlan.parse("on READ nth 1: drop", "on READ nth 1: drop");

        plan.applied(plan.rules().get(0));

        assertThat(plan.unusedRules()).hasSize(1);
    }

    @Test
    void aRateHitsTheSameMatchesEachTimeAndAboutAsManyAsItSays() {
        Schedule rate = new Schedule.Rate(0.1, 7);

        long hits = LongStream.rangeClosed(1, 10_000).filter(rate::firesAt).count();

        assertThat(hits).isBetween(900L, 1100L);
        assertThat(LongStream.rangeClosed(1, 10_000)
                        .filter(new Schedule.Rate(0.1, 7)::firesAt)
                        .count())
                .isEqualTo(hits);
        assertThat(LongStream.rangeClosed(1, 100).filter(rate::firesAt).toArray())
                .isNotEqualTo(LongStream.rangeClosed(1, 100)
                        .filter(new Schedule.Rate(0.1, 8)::firesAt)
                        .toArray());
        assertThat(LongStream.rangeClosed(1, 1000).allMatch(new Schedule.Rate(1, 1)::firesAt))
                .isTrue();
    }

    @Test
    void aRangeMatchesWhatHasAByteInIt() {
        Matcher matcher = command(CommandType.READ).at(4096, 512);

        assertThat(matcher.matches(read(4095, 1))).isFalse();
        assertThat(matcher.matches(read(4095, 2))).isTrue();
        assertThat(matcher.matches(read(4607, 1))).isTrue();
        assertThat(matcher.matches(read(4608, 1))).isFalse();
        assertThat(matcher.matches(read(0, 0xffff_ffffL))).isTrue();
        assertThat(matcher.matches(read(4100, 0))).isFalse();
        assertThat(matcher.matches(read(-1, 1))).isFalse();
        assertThat(matcher.matches(write(4096, 1))).isFalse();
    }

    @Test
    void optionsMatchByTypeAndExport() {
        ClientMessage go = new ClientMessage.Option(OptionType.GO.wire(), "disk", 10);

        assertThat(option(OptionType.GO).matches(go)).isTrue();
        assertThat(option(OptionType.GO).export("disk").matches(go)).isTrue();
        assertThat(option(OptionType.GO).export("").matches(go)).isFalse();
        assertThat(option(OptionType.INFO).matches(go)).isFalse();
        assertThat(Matcher.anyOption().matches(go)).isTrue();
        assertThat(connect().matches(go)).isFalse();
        assertThat(connect().matches(new ClientMessage.Connected())).isTrue();
    }

    @Test
    void flagsMatchIfAllAreSetAndNoCommandMeansDisc() {
        ClientMessage fua = new ClientMessage.Request(false, 3, 1, 0, 0, 1, 1);

        assertThat(anyCommand().with(CommandFlag.FUA).matches(fua)).isTrue();
        assertThat(anyCommand().with(CommandFlag.FUA, CommandFlag.DF).matches(fua))
                .isFalse();
        assertThat(anyCommand().matches(new ClientMessage.Request(false, 0, 2, 0, 0, 0, 0)))
                .isFalse();
    }

    @Test
    void valuesThatMakeNoSenseAreRefused() {
        refused(() -> new RefuseCommand(0, ""), "error 0 is success");
        refused(() -> new RefuseOption(OptionReplyType.ACK.wire(), ""), "no error");
        refused(() -> Fault.refuse(NbdError.EIO, "x".repeat(4097)), "the most is 4096");
        refused(() -> Fault.refuse(NbdError.EIO, "a\nb"), "control characters");
        refused(() -> Fault.delay(Duration.ofSeconds(-1)), "a delay of");
        refused(() -> Fault.delay(Duration.ofHours(2)), "an hour at most");
        refused(() -> Fault.truncate(-1), "-1 bytes");
        refused(() -> Fault.wrongLength(0), "not 0");
        refused(() -> new OversizedLength(4096), "not oversized");
        refused(() -> Fault.reorder(0), "behind 0 answers");
        refused(() -> Fault.splitChunks(0), "chunks of 0 bytes");
        refused(() -> Fault.unknownChunk(0x8001), "exists: ERROR");
        refused(() -> Fault.unknownChunk(0x10000), "16 bits");
        refused(() -> Fault.unknownOptionReply(1), "exists: ACK");
        refused(() -> Fault.unknownInfo(3), "exists: BLOCK_SIZE");
        refused(() -> new UnknownInfo(99, 70000), "a length of 70000");
        refused(() -> Fault.append(new byte[0]), "no bytes");
        refused(() -> command(CommandType.UNKNOWN), "without a name");
        refused(() -> option(OptionType.UNKNOWN), "without a name");
        refused(() -> command(CommandType.READ).at(-1, 5), "no range");
        refused(() -> command(CommandType.READ).at(Long.MAX_VALUE, 5), "no range");
        refused(() -> when(connect()).always().then(Fault.refuse(NbdError.EIO)), "cannot happen to a greeting");
    }

    @Test
    void aHoldAnnouncesWhatItHoldsAndReleasesInOrder() {
        // Given
        Hold hold = Fault.hold();
        var early = hold.held(2);

        // When
        var first = hold.await();
        assertThat(early).isNotDone();
        var second = hold.await();

        // Then
        assertThat(early).isCompleted();
        assertThat(hold.held(1)).isCompleted();
        assertThat(hold.releaseOne()).isTrue();
        assertThat(first).isCompleted();
        assertThat(second).isNotDone();
        second.cancel(false); // Its connection is gone.
        assertThat(hold.releaseOne()).isFalse();
    }

    @Test
    void aPlanReleasesItsHoldsForGood() {
        // Given
        FaultPlan plan = FaultPlan.parse("on READ always: hold", "on WRITE always: drop");
        Hold hold = (Hold) plan.rules().get(0).fault();
        var before = hold.await();

        // When
        plan.release();

        // Then
        assertThat(before).isCompleted();
        assertThat(hold.await()).isCompleted();
    }

    private static void refused(org.assertj.core.api.ThrowableAssert.ThrowingCallable made, String problem) {
        assertThatThrownBy(made).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(problem);
    }

    private static ClientMessage read(long offset, long length) {
        return new ClientMessage.Request(false, 0, CommandType.READ.wire(), 1, offset, length, 0);
    }

    private static ClientMessage write(long offset, long length) {
        return new ClientMessage.Request(false, 0, CommandType.WRITE.wire(), 1, offset, length, length);
    }
}
