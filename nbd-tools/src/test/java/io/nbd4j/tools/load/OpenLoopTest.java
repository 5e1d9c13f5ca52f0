package io.nbd4j.tools.load;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class OpenLoopTest {
    // One request per 1000 ns.
    private static final long RATE = 1_000_000;

    private final List<LaneFixture> fixtures = new ArrayList<>();

    @AfterEach
    void finish() {
        fixtures.forEach(LaneFixture::close);
    }

    @Test
    void issuesOnTimeWhateverIsInFlight() {
        // Given
        LaneFixture fixture = fixture(AccessPattern.READ, 100, 8, false);
        Lane lane = fixture.openLoop(RATE, 0, 1);

        // When
        lane.start();

        // Then
        assertThat(fixture.device.inFlight).hasSize(1);

        // When
        fixture.time.advance(999);

        // Then
        assertThat(fixture.device.inFlight).hasSize(1);

        // When
        fixture.time.advance(1);

        // Then
        assertThat(fixture.device.inFlight).hasSize(2);

        // When
        fixture.time.advance(2_500);

        // Then
        assertThat(fixture.device.inFlight).hasSize(4);
    }

    @Test
    void lanesTakeTurns() {
        // Given
        LaneFixture first = fixture(AccessPattern.READ, 100, 8, false);
        LaneFixture second = fixture(AccessPattern.READ, 100, 8, false);
        first.openLoop(RATE, 0, 2).start();
        second.openLoop(RATE, 1, 2).start();

        // When
        first.time.advance(2_000);
        second.time.advance(2_000);

        // Then
        assertThat(first.device.inFlight).hasSize(2);
        assertThat(second.device.inFlight).hasSize(1);
    }

    @Test
    void chargesAStallToEveryRequestThatHadToWait() {
        // Given
        LaneFixture fixture = fixture(AccessPattern.READ, 100, 1, false);
        fixture.openLoop(RATE, 0, 1).start();
        fixture.time.advance(LaneFixture.WARMUP);

        // When
        fixture.time.advance(4_000);
        for (int i = 0; i < 6; i++) {
            fixture.device.inFlight.get(0).answer();
        }

        // Then: due at 0, 1000, ... 5000, and all answered at 5000
        assertThat(fixture.recorder.latency().getTotalCount()).isEqualTo(6);
        assertThat(fixture.recorder.latency().getMinValue()).isZero();
        assertThat(fixture.recorder.latency().getMaxValue()).isBetween(5_000L, 5_003L);
        assertThat(fixture.recorder.latency().getValueAtPercentile(50)).isBetween(2_000L, 2_001L);
        assertThat(fixture.device.inFlight).isEmpty();
    }

    @Test
    void finishesAtTheEndOfTheWindowWithNothingInFlight() {
        // Given
        LaneFixture fixture = fixture(AccessPattern.READ, 100, 2, false);
        Lane lane = fixture.openLoop(1, 0, 1);
        lane.start();
        fixture.device.inFlight.get(0).answer();

        // When
        fixture.time.advance(LaneFixture.WARMUP + LaneFixture.RUNTIME - 1);

        // Then
        assertThat(lane.finished()).isNotDone();

        // When
        fixture.time.advance(1);

        // Then
        assertThat(lane.finished()).isCompleted();
        assertThat(fixture.buffersAreReleased()).isTrue();
    }

    @Test
    void wakesUpToFinishWhenTheWindowEndsEarly() {
        // Given
        LaneFixture fixture = fixture(AccessPattern.READ, 100, 2, false);
        Lane lane = fixture.openLoop(1, 0, 1);
        lane.start();
        fixture.device.inFlight.get(0).answer();

        // When
        fixture.window.end(fixture.time.nanoTime());
        lane.wake();

        // Then
        assertThat(lane.finished()).isCompleted();

        // When
        fixture.time.advance(LaneFixture.WARMUP + LaneFixture.RUNTIME);

        // Then
        assertThat(fixture.device.inFlight).isEmpty();
    }

    @Test
    void waitsForWhatIsInFlightAtTheEndAndDoesNotMeasureIt() {
        // Given
        LaneFixture fixture = fixture(AccessPattern.READ, 100, 4, false);
        Lane lane = fixture.openLoop(RATE, 0, 1);
        lane.start();

        // When
        fixture.time.advance(LaneFixture.WARMUP + LaneFixture.RUNTIME);

        // Then
        assertThat(fixture.device.inFlight).hasSize(4);
        assertThat(lane.finished()).isNotDone();

        // When
        List.copyOf(fixture.device.inFlight).forEach(FakeDevice.Request::answer);

        // Then
        assertThat(fixture.device.inFlight).isEmpty();
        assertThat(lane.finished()).isCompleted();
        assertThat(fixture.recorder.latency().getTotalCount()).isZero();
    }

    private LaneFixture fixture(AccessPattern pattern, int blocks, int depth, boolean verify) {
        LaneFixture fixture = new LaneFixture(pattern, blocks, depth, verify);
        fixtures.add(fixture);
        return fixture;
    }
}
