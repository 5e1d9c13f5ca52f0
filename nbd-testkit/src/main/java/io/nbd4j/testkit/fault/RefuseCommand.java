package io.nbd4j.testkit.fault;

import java.util.EnumSet;
import java.util.Set;

/**
 * Refuses a command, which is not performed.
 *
 * @param error on the wire, not 0; also one that the specification does not name
 * @param message for humans, maybe empty; a simple reply has no room for it
 */
public record RefuseCommand(int error, String message) implements Fault.Plain {
    /** Checks the values. */
    public RefuseCommand {
        Checks.error(error);
        Checks.message(message);
    }

    @Override
    public Kind kind() {
        return Kind.REFUSE_COMMAND;
    }

    @Override
    public Set<Stage> stages() {
        return EnumSet.of(Stage.COMMAND);
    }

    @Override
    public String toString() {
        return "refuse " + FaultNames.error(error) + FaultNames.message(message);
    }
}
