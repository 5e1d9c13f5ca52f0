package io.nbd4j.testkit.fault;

import java.util.EnumSet;
import java.util.Set;

/**
 * Splits chunks of data. That is allowed, unless the client said DF.
 *
 * @param bytes the most data in a chunk, at least 1
 */
public record SplitChunks(int bytes) implements Fault.Plain {
    /** Checks the value. */
    public SplitChunks {
        if (bytes < 1) {
            throw new IllegalArgumentException("chunks of " + bytes + " bytes");
        }
    }

    @Override
    public Kind kind() {
        return Kind.SPLIT_CHUNKS;
    }

    @Override
    public Set<Stage> stages() {
        return EnumSet.of(Stage.COMMAND);
    }

    @Override
    public String toString() {
        return "split " + bytes;
    }
}
