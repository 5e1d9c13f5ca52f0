package io.nbd4j.testkit.fault;

import java.util.EnumSet;
import java.util.Set;

/**
 * Leaves out the last chunk of content, and ends the answer as if all were well. A read that has only one chunk lacks
 * its second half.
 */
public record OmitChunk() implements Fault.Plain {
    @Override
    public Kind kind() {
        return Kind.OMIT_CHUNK;
    }

    @Override
    public Set<Stage> stages() {
        return EnumSet.of(Stage.COMMAND);
    }

    @Override
    public String toString() {
        return "omit";
    }
}
