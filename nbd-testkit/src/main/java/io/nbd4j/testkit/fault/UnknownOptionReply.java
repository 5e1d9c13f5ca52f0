package io.nbd4j.testkit.fault;

import java.util.EnumSet;
import java.util.Set;

/**
 * Adds, in front of an option's answer, a reply of a type that does not exist.
 *
 * @param type 32 bits, none of the specification's
 * @param length of its data of zeroes in bytes, 64 Ki at most
 */
public record UnknownOptionReply(int type, int length) implements Fault.Plain {
    /** Checks the values. */
    public UnknownOptionReply {
        Checks.unknownOptionReply(type);
        Checks.extraLength(length);
    }

    @Override
    public Kind kind() {
        return Kind.UNKNOWN_OPTION_REPLY;
    }

    @Override
    public Set<Stage> stages() {
        return EnumSet.of(Stage.OPTION);
    }

    @Override
    public String toString() {
        return "unknown reply 0x" + Integer.toHexString(type) + " length " + length;
    }
}
