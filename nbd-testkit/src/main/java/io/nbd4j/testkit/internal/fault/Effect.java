package io.nbd4j.testkit.internal.fault;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a fault makes of an answer.
 *
 * @param emissions the steps, in order
 * @param objection why the fault makes no sense for the answer, which is left as it is; {@code null} if it does
 */
record Effect(List<Emission> emissions, @Nullable String objection) {
    static Effect of(List<Emission> emissions) {
        return new Effect(List.copyOf(emissions), null);
    }

    static Effect of(Emission... emissions) {
        return new Effect(List.of(emissions), null);
    }

    static Effect sending(List<Message> messages) {
        return new Effect(sends(messages), null);
    }

    static Effect none(List<Message> answer, String objection) {
        return new Effect(sends(answer), objection);
    }

    static List<Emission> sends(List<Message> messages) {
        return messages.stream().<Emission>map(Emission.Send::new).toList();
    }
}
