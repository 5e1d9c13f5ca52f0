package io.nbd4j.testkit.fault;

import java.util.EnumSet;
import java.util.Set;

/**
 * Holds an answer back until others have left. If the client ends the connection before, it leaves then.
 *
 * @param answers how many answers to other commands leave before it, at least 1
 */
public record Reorder(int answers) implements Fault.Plain {
    /** Checks the value. */
    public Reorder {
        if (answers < 1) {
            throw new IllegalArgumentException("reordering behind " + answers + " answers");
        }
    }

    @Override
    public Kind kind() {
        return Kind.REORDER;
    }

    @Override
    public Set<Stage> stages() {
        return EnumSet.of(Stage.COMMAND);
    }

    @Override
    public String toString() {
        return "reorder " + answers;
    }
}
