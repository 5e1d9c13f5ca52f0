package io.nbd4j.testkit.fault;

import java.util.EnumSet;
import java.util.Set;

/** Sends chunks of data that follow each other as one. That is allowed. */
public record MergeChunks() implements Fault.Plain {
    @Override
    public Kind kind() {
        return Kind.MERGE_CHUNKS;
    }

    @Override
    public Set<Stage> stages() {
        return EnumSet.of(Stage.COMMAND);
    }

    @Override
    public String toString() {
        return "merge";
    }
}
