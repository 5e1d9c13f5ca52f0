package io.nbd4j.testkit.fault;

import java.util.EnumSet;
import java.util.Set;

/**
 * Closes the server's side of the connection instead of answering. What the client says from then on is read, and
 * heeded no more.
 */
public record HalfClose() implements Fault.Plain {
    @Override
    public Kind kind() {
        return Kind.HALF_CLOSE;
    }

    @Override
    public Set<Stage> stages() {
        return EnumSet.allOf(Stage.class);
    }

    @Override
    public String toString() {
        return "half-close";
    }
}
