package io.nbd4j.testkit.fault;

import java.util.EnumSet;
import java.util.Set;

/**
 * Adds, in front of the answer to INFO or GO, an information item of a type that does not exist. A client ignores it.
 *
 * @param type 16 bits, none of the specification's
 * @param length of its data of zeroes in bytes, behind the type, 64 Ki at most
 */
public record UnknownInfo(int type, int length) implements Fault.Plain {
    /** Checks the values. */
    public UnknownInfo {
        Checks.unknownInfo(type);
        Checks.extraLength(length);
    }

    @Override
    public Kind kind() {
        return Kind.UNKNOWN_INFO;
    }

    @Override
    public Set<Stage> stages() {
        return EnumSet.of(Stage.OPTION);
    }

    @Override
    public String toString() {
        return "unknown info 0x" + Integer.toHexString(type) + " length " + length;
    }
}
