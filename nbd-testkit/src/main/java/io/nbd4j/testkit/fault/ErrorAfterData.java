package io.nbd4j.testkit.fault;

import java.util.EnumSet;
import java.util.Set;

/**
 * Sends all data of a read, or of a block status, and then an error. With a simple reply, which has said that all is
 * well, a server has no choice but to close the connection: then half of the data is sent.
 *
 * @param error on the wire, not 0
 * @param message for humans, maybe empty
 */
public record ErrorAfterData(int error, String message) implements Fault.Plain {
    /** Checks the values. */
    public ErrorAfterData {
        Checks.error(error);
        Checks.message(message);
    }

    @Override
    public Kind kind() {
        return Kind.ERROR_AFTER_DATA;
    }

    @Override
    public Set<Stage> stages() {
        return EnumSet.of(Stage.COMMAND);
    }

    @Override
    public String toString() {
        return "error after data " + FaultNames.error(error) + FaultNames.message(message);
    }
}
