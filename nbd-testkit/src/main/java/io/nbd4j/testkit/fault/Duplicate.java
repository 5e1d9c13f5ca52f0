package io.nbd4j.testkit.fault;

import java.util.EnumSet;
import java.util.Set;

/** Answers twice, all chunks included. */
public record Duplicate() implements Fault.Plain {
    @Override
    public Kind kind() {
        return Kind.DUPLICATE;
    }

    @Override
    public Set<Stage> stages() {
        return EnumSet.of(Stage.CONNECT, Stage.OPTION, Stage.COMMAND);
    }

    @Override
    public String toString() {
        return "duplicate";
    }
}
