package io.nbd4j.testkit.fault;

import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;

/**
 * Makes an answer late. Answers to later commands overtake it; later options wait, as does all that follows DISC.
 *
 * @param by more than nothing, an hour at most
 */
public record Delay(Duration by) implements Fault.Plain {
    /** Checks the value. */
    public Delay {
        if (by.isZero() || by.isNegative() || by.compareTo(Duration.ofHours(1)) > 0) {
            throw new IllegalArgumentException("a delay of " + by + "; it is more than nothing, an hour at most");
        }
    }

    @Override
    public Kind kind() {
        return Kind.DELAY;
    }

    @Override
    public Set<Stage> stages() {
        return EnumSet.allOf(Stage.class);
    }

    @Override
    public String toString() {
        return "delay " + FaultNames.duration(by);
    }
}
