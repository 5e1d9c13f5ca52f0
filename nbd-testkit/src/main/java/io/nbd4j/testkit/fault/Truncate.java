package io.nbd4j.testkit.fault;

import java.util.EnumSet;
import java.util.Set;

/**
 * Sends the start of an answer and closes the connection.
 *
 * @param bytes how many bytes are sent, headers included; an answer that has no more than these is left as it is
 */
public record Truncate(long bytes) implements Fault.Plain {
    /** Checks the value. */
    public Truncate {
        if (bytes < 0) {
            throw new IllegalArgumentException("an answer of " + bytes + " bytes");
        }
    }

    @Override
    public Kind kind() {
        return Kind.TRUNCATE;
    }

    @Override
    public Set<Stage> stages() {
        return EnumSet.of(Stage.CONNECT, Stage.OPTION, Stage.COMMAND);
    }

    @Override
    public String toString() {
        return "truncate " + bytes;
    }
}
