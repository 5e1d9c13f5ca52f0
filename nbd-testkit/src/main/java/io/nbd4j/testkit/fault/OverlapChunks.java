package io.nbd4j.testkit.fault;

import java.util.EnumSet;
import java.util.Set;

/**
 * Sends the second half of the first chunk of data twice, the second time in a chunk of its own. Of a block status it
 * is the whole first chunk.
 */
public record OverlapChunks() implements Fault.Plain {
    @Override
    public Kind kind() {
        return Kind.OVERLAP_CHUNKS;
    }

    @Override
    public Set<Stage> stages() {
        return EnumSet.of(Stage.COMMAND);
    }

    @Override
    public String toString() {
        return "overlap";
    }
}
