package io.nbd4j.testkit.fault;

import java.util.EnumSet;
import java.util.Set;

/** Flips all bits of the cookie in each message of an answer; of the option that it echoes, in an option's. */
public record WrongCookie() implements Fault.Plain {
    @Override
    public Kind kind() {
        return Kind.WRONG_COOKIE;
    }

    @Override
    public Set<Stage> stages() {
        return EnumSet.of(Stage.OPTION, Stage.COMMAND);
    }

    @Override
    public String toString() {
        return "wrong cookie";
    }
}
