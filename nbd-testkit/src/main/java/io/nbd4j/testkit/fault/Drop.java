package io.nbd4j.testkit.fault;

import java.util.EnumSet;
import java.util.Set;

/** Closes the connection instead of answering. */
public record Drop() implements Fault.Plain {
    @Override
    public Kind kind() {
        return Kind.DROP;
    }

    @Override
    public Set<Stage> stages() {
        return EnumSet.allOf(Stage.class);
    }

    @Override
    public String toString() {
        return "drop";
    }
}
