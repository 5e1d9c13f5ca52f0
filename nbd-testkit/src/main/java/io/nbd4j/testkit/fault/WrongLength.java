package io.nbd4j.testkit.fault;

import java.util.EnumSet;
import java.util.Set;

/**
 * Makes the length in the first message of an answer differ from what follows. A simple reply states no length: there
 * it is the data of a read that has more bytes, zeroes, or less.
 *
 * @param by the difference in bytes, not 0, 64 Ki at most
 */
public record WrongLength(int by) implements Fault.Plain {
    /** Checks the value. */
    public WrongLength {
        if (by == 0 || by < -65536 || by > 65536) {
            throw new IllegalArgumentException("a length wrong by " + by + "; it is -65536 to 65536, and not 0");
        }
    }

    @Override
    public Kind kind() {
        return Kind.WRONG_LENGTH;
    }

    @Override
    public Set<Stage> stages() {
        return EnumSet.of(Stage.OPTION, Stage.COMMAND);
    }

    @Override
    public String toString() {
        return "wrong length " + (by > 0 ? "+" : "") + by;
    }
}
