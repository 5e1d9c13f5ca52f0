package io.nbd4j.testkit.fault;

import java.util.EnumSet;
import java.util.Set;

/** Flips the lowest bit of the magic number that an answer begins with. */
public record WrongMagic() implements Fault.Plain {
    @Override
    public Kind kind() {
        return Kind.WRONG_MAGIC;
    }

    @Override
    public Set<Stage> stages() {
        return EnumSet.of(Stage.CONNECT, Stage.OPTION, Stage.COMMAND);
    }

    @Override
    public String toString() {
        return "wrong magic";
    }
}
