package io.nbd4j.testkit.fault;

import java.util.EnumSet;
import java.util.Set;

/** Closes the connection with a TCP reset instead of answering; on a Unix socket it only closes it. */
public record Reset() implements Fault.Plain {
    @Override
    public Kind kind() {
        return Kind.RESET;
    }

    @Override
    public Set<Stage> stages() {
        return EnumSet.allOf(Stage.class);
    }

    @Override
    public String toString() {
        return "reset";
    }
}
