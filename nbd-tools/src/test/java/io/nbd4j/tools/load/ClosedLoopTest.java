package io.nbd4j.tools.load;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.ConnectionLostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ClosedLoopTest {
    private final List<LaneFixture> fixtures = new ArrayList<>();

    @AfterEach
    void finish() {
        fixtures.forEach(LaneFixture::close);
    }

    @Test
    void keepsItsDepthInFlightUntilTheWindowIsOver() {
        // Given
        LaneFixture fixture = fixture(AccessPattern.READ, 100, 4, false);
        Lane lane = fixture.closedLoop();

        // When
        lane.start();

        // Then
        assertThat(offsets(fixture)).containsExactly(3L * 64, 4L * 64, 5L * 64, 6L * 64);

        // When
        fixture.device.inFlight.get(1).answer();

        // Then
        assertThat(offsets(fixture)).containsExactly(3L * 64, 5L * 64, 6L * 64, 7L * 64);

        // When
        fixture.time.advance(LaneFixture.WARMUP + LaneFixture.RUNTIME);
        answerAll(fixture);

        // Then
        assertThat(fixture.device.inFlight).isEmpty();
        assertThat(lane.finished()).isCompleted();
        assertThat(fixture.buffersAreReleased()).isTrue();
    }

    @Test
    void measuresWhatEndsAfterTheWarmUpAndBeforeTheEnd() {
        // Given
        LaneFixture fixture = fixture(AccessPattern.READ, 100, 1, false);
        Lane lane = fixture.closedLoop();
        lane.start();

        // When
        fixture.time.advance(LaneFixture.WARMUP - 1);
        fixture.device.inFlight.get(0).answer();
        fixture.time.advance(1);
        fixture.device.inFlight.get(0).answer();
        fixture.time.advance(300);
        fixture.device.inFlight.get(0).answer();
        fixture.time.advance(LaneFixture.RUNTIME - 300);
        fixture.device.inFlight.get(0).answer();

        // Then
        assertThat(fixture.recorder.ended()).isEqualTo(4);
        assertThat(fixture.recorder.latency().getTotalCount()).isEqualTo(2);
        assertThat(fixture.recorder.latency().getMinValue()).isEqualTo(1);
        assertThat(fixture.recorder.latency().getMaxValue()).isEqualTo(300);
    }

    @Test
    void countsWhatTheServerRefusesAndGoesOn() {
        // Given
        LaneFixture fixture = fixture(AccessPattern.WRITE, 100, 1, false);
        Lane lane = fixture.closedLoop();
        lane.start();

        // When
        fixture.device.inFlight.get(0).refuse();
        fixture.time.advance(LaneFixture.WARMUP);
        fixture.device.inFlight.get(0).refuse();

        // Then
        assertThat(fixture.recorder.refused()).isEqualTo(1);
        assertThat(fixture.recorder.latency().getTotalCount()).isZero();
        assertThat(fixture.device.inFlight).hasSize(1);
        assertThat(lane.finished()).isNotDone();
    }

    @Test
    void failsWithTheFirstCauseWhenTheConnectionIsLost() {
        // Given
        LaneFixture fixture = fixture(AccessPattern.RANDRW, 100, 8, false);
        Lane lane = fixture.closedLoop();
        lane.start();

        // When
        fixture.device.lost = true;
        List.copyOf(fixture.device.inFlight).forEach(FakeDevice.Request::lose);

        // Then
        assertThat(fixture.window.isOver(fixture.time.nanoTime())).isTrue();
        assertThat(lane.finished())
                .failsWithin(Duration.ZERO)
                .withThrowableOfType(ExecutionException.class)
                .havingCause()
                .isInstanceOf(ConnectionLostException.class);
        assertThat(fixture.buffersAreReleased()).isTrue();
    }

    @Test
    void finishesOnceWhenEveryRequestEndsAtOnce() {
        // Given
        LaneFixture fixture = fixture(AccessPattern.RANDREAD, 100, 8, false);
        fixture.device.lost = true;
        Lane lane = fixture.closedLoop();

        // When
        lane.start();

        // Then
        assertThat(lane.finished()).isCompletedExceptionally();
        assertThat(fixture.buffersAreReleased()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(
            value = AccessPattern.class,
            names = {"WRITE", "RANDWRITE", "RANDRW"})
    void verifiedRequestsNeverShareABlockAndAllMatch(AccessPattern pattern) {
        // Given
        LaneFixture fixture = fixture(pattern, 12, 8, true);
        Lane lane = fixture.closedLoop();
        fixture.time.advance(LaneFixture.WARMUP);

        // When
        runAtRandom(fixture, lane);
        readBack(fixture);

        // Then
        assertThat(fixture.device.overlaps).isZero();
        assertThat(fixture.recorder.mismatches()).isZero();
        assertThat(fixture.recorder.verifiedCount()).isGreaterThanOrEqualTo(12);
        assertThat(fixture.buffersAreReleased()).isTrue();
    }

    @Test
    void blocksWhoseWriteFailedAreNotCheckedUntilTheyAreWrittenAgain() {
        // Given
        LaneFixture fixture = fixture(AccessPattern.WRITE, 2, 1, true);
        Lane lane = fixture.closedLoop();
        lane.start();
        fixture.device.inFlight.get(0).answer();
        fixture.device.inFlight.get(0).answer();

        // When
        fixture.device.inFlight.get(0).refuse();
        fixture.device.content[3 * LaneFixture.BLOCK] ^= 1;
        fixture.time.advance(LaneFixture.WARMUP + LaneFixture.RUNTIME);
        answerAll(fixture);
        readBack(fixture);

        // Then
        assertThat(fixture.recorder.mismatches()).isZero();
        assertThat(fixture.recorder.verifiedCount()).isEqualTo(1);
    }

    @Test
    void readingBackFindsABlockThatWasChanged() {
        // Given
        LaneFixture fixture = fixture(AccessPattern.WRITE, 12, 4, true);
        Lane lane = fixture.closedLoop();
        runAtRandom(fixture, lane);

        // When
        fixture.device.content[5 * LaneFixture.BLOCK + 17] ^= 0x40;
        readBack(fixture);

        // Then
        assertThat(fixture.recorder.mismatches()).isEqualTo(1);
        assertThat(fixture.recorder.verifiedCount()).isEqualTo(11);
        assertThat(fixture.recorder.firstMismatch())
                .asInstanceOf(InstanceOfAssertFactories.STRING)
                .isEqualTo("the block at offset 320: its bytes differ from byte 17 of the block on");
    }

    @Test
    void aMismatchInTheWarmUpCounts() {
        // Given
        LaneFixture fixture = fixture(AccessPattern.RANDRW, 1, 1, true);
        Lane lane = fixture.closedLoop();
        lane.start();
        while (!fixture.device.inFlight.get(0).writing) {
            fixture.device.inFlight.get(0).answer();
        }
        fixture.device.inFlight.get(0).answer();
        while (fixture.device.inFlight.get(0).writing) {
            fixture.device.inFlight.get(0).answer();
        }

        // When
        fixture.device.content[3 * LaneFixture.BLOCK] ^= 1;
        fixture.device.inFlight.get(0).answer();

        // Then
        assertThat(fixture.recorder.mismatches()).isEqualTo(1);
    }

    private static List<Long> offsets(LaneFixture fixture) {
        return fixture.device.inFlight.stream().map(r -> r.offset).toList();
    }

    private static void answerAll(LaneFixture fixture) {
        List.copyOf(fixture.device.inFlight).forEach(FakeDevice.Request::answer);
    }

    /** Answers in any order, until the window is over. */
    private static void runAtRandom(LaneFixture fixture, Lane lane) {
        Random random = new Random(7);
        lane.start();
        while (!lane.finished().isDone()) {
            fixture.time.advance(10);
            fixture.device
                    .inFlight
                    .get(random.nextInt(fixture.device.inFlight.size()))
                    .answer();
        }
    }

    private static void readBack(LaneFixture fixture) {
        Lane lane = fixture.readBack(SlotBuffers.allocate(3, LaneFixture.BLOCK, true, false));
        lane.start();
        while (!fixture.device.inFlight.isEmpty()) {
            fixture.device.inFlight.get(0).answer();
        }
        assertThat(lane.finished()).isCompleted();
    }

    private LaneFixture fixture(AccessPattern pattern, int blocks, int depth, boolean verify) {
        LaneFixture fixture = new LaneFixture(pattern, blocks, depth, verify);
        fixtures.add(fixture);
        return fixture;
    }
}
