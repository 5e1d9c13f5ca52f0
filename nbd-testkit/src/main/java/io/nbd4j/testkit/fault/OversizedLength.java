package io.nbd4j.testkit.fault;

import io.nbd4j.codec.ProtocolLimits;
import java.util.EnumSet;
import java.util.Set;

/**
 * States an absurd length in the first message of an answer.
 *
 * @param length unsigned; where the field has 32 bits, the lower ones count
 */
public record OversizedLength(long length) implements Fault.Plain {
    static final long DEFAULT = 0xffff_fff0L;

    /** Checks the value. */
    public OversizedLength {
        if (length >= 0 && length <= ProtocolLimits.DEFAULT_MAXIMUM_PAYLOAD) {
            throw new IllegalArgumentException("a length of " + length + " is not oversized");
        }
    }

    @Override
    public Kind kind() {
        return Kind.OVERSIZED_LENGTH;
    }

    @Override
    public Set<Stage> stages() {
        return EnumSet.of(Stage.OPTION, Stage.COMMAND);
    }

    @Override
    public String toString() {
        return "oversized length 0x" + Long.toHexString(length);
    }
}
