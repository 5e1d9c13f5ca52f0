package io.nbd4j.testkit.fault;

import io.nbd4j.codec.handshake.OptionReplyType;
import java.util.EnumSet;
import java.util.Set;

/**
 * Refuses an option, which is not performed.
 *
 * @param replyType the 32-bit type of the option reply; bit 31, the sign, is set
 * @param message for humans, maybe empty
 */
public record RefuseOption(int replyType, String message) implements Fault.Plain {
    /** Checks the values. */
    public RefuseOption {
        if (!OptionReplyType.isError(replyType)) {
            throw new IllegalArgumentException(
                    "option reply type 0x" + Integer.toHexString(replyType) + " is no error: bit 31 is not set");
        }
        Checks.message(message);
    }

    @Override
    public Kind kind() {
        return Kind.REFUSE_OPTION;
    }

    @Override
    public Set<Stage> stages() {
        return EnumSet.of(Stage.OPTION);
    }

    @Override
    public String toString() {
        return "refuse " + FaultNames.optionError(replyType) + FaultNames.message(message);
    }
}
