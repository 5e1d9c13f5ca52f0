package io.nbd4j.testkit.fault;

import java.util.EnumSet;
import java.util.Set;

/**
 * Sends a forged reply, in plaintext, right behind the acknowledgement of STARTTLS: what an attacker on the wire
 * would do. Another text can be sent with {@link Append}.
 */
public record PlaintextBehindAck() implements Fault.Plain {
    @Override
    public Kind kind() {
        return Kind.PLAINTEXT_BEHIND_ACK;
    }

    @Override
    public Set<Stage> stages() {
        return EnumSet.of(Stage.OPTION);
    }

    @Override
    public String toString() {
        return "plaintext";
    }
}
