package io.nbd4j.testkit.fault;

import java.util.EnumSet;
import java.util.Set;

/** Never answers. A greeting, an option or DISC is not even heard; a command is performed. */
public record Silence() implements Fault.Plain {
    @Override
    public Kind kind() {
        return Kind.SILENCE;
    }

    @Override
    public Set<Stage> stages() {
        return EnumSet.allOf(Stage.class);
    }

    @Override
    public String toString() {
        return "silence";
    }
}
