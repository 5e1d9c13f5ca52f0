package io.nbd4j.testkit.fault;

import java.util.EnumSet;
import java.util.Set;

/**
 * Adds, in front of a chunked answer, a chunk of a type that does not exist.
 *
 * @param type 16 bits, none of the specification's
 * @param length of its payload of zeroes in bytes, 64 Ki at most
 */
public record UnknownChunk(int type, int length) implements Fault.Plain {
    /** Checks the values. */
    public UnknownChunk {
        Checks.unknownChunk(type);
        Checks.extraLength(length);
    }

    @Override
    public Kind kind() {
        return Kind.UNKNOWN_CHUNK;
    }

    @Override
    public Set<Stage> stages() {
        return EnumSet.of(Stage.COMMAND);
    }

    @Override
    public String toString() {
        return "unknown chunk 0x" + Integer.toHexString(type) + " length " + length;
    }
}
