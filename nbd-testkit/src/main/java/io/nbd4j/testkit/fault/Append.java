package io.nbd4j.testkit.fault;

import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Set;

/**
 * Sends bytes behind an answer, in the same segment.
 *
 * @param hex the bytes, at least one, as pairs of hexadecimal digits
 */
public record Append(String hex) implements Fault.Plain {
    /** Checks the value. */
    public Append {
        if (hex.isEmpty()) {
            throw new IllegalArgumentException("no bytes to append");
        }
        HexFormat.of().parseHex(hex);
    }

    /** Returns the bytes, a copy. */
    public byte[] bytes() {
        return HexFormat.of().parseHex(hex);
    }

    @Override
    public Kind kind() {
        return Kind.APPEND;
    }

    @Override
    public Set<Stage> stages() {
        return EnumSet.of(Stage.CONNECT, Stage.OPTION, Stage.COMMAND);
    }

    @Override
    public String toString() {
        return "append " + hex;
    }
}
