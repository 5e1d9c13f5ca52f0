package io.nbd4j.testkit.internal.fault;

import io.nbd4j.testkit.fault.FaultRule;
import io.nbd4j.testkit.transcript.ClientMessage;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Something that the client did, and the answer to it.
 *
 * @param message what the client did
 * @param rule the rule whose fault concerns the answer, {@code null} if none does
 * @param isSpoilt whether the answer is gathered and given to the fault; otherwise the rule has done its work already
 * @param answer what has been gathered of the answer so far
 */
record Exchange(ClientMessage message, @Nullable FaultRule rule, boolean isSpoilt, List<Message> answer) {
    static Exchange plain(ClientMessage message) {
        return new Exchange(message, null, false, new ArrayList<>(0));
    }

    /** An exchange that a rule has already changed, by its time. */
    static Exchange marked(ClientMessage message, FaultRule rule) {
        return new Exchange(message, rule, false, new ArrayList<>(0));
    }

    static Exchange spoilt(ClientMessage message, FaultRule rule) {
        return new Exchange(message, rule, true, new ArrayList<>());
    }
}
