package io.nbd4j.tools;

import java.util.ArrayList;
import java.util.List;

/**
 * A command line from which {@code [ COMMAND ARG... ]} was cut out, so that nothing in the command is mistaken for an
 * option of ours.
 *
 * @param remaining the other arguments, with a single {@value #OPEN} where the command stood
 * @param command what stood between the brackets; empty if there were none
 */
public record BracketedCommand(List<String> remaining, List<String> command) {
    static final String OPEN = "[";
    static final String CLOSE = "]";

    /** Copies the lists. */
    public BracketedCommand {
        remaining = List.copyOf(remaining);
        command = List.copyOf(command);
    }

    /**
     * Cuts the command out. It reaches from the first opening to the last closing bracket, since the command may have
     * brackets among its arguments while no option of ours takes one.
     *
     * @throws ToolException if a bracket has no partner, or there is nothing between them
     */
    public static BracketedCommand cutOutOf(String[] arguments) {
        List<String> all = List.of(arguments);
        int open = all.indexOf(OPEN);
        int close = all.lastIndexOf(CLOSE);
        if (open < 0 && close < 0) {
            return new BracketedCommand(all, List.of());
        }
        if (open < 0) {
            throw new ToolException("']' without '[' before it");
        }
        if (close < open) {
            throw new ToolException("'[' without ']' behind it, as a word of its own");
        }
        if (close == open + 1) {
            throw new ToolException("no command between '[' and ']'");
        }
        List<String> remaining = new ArrayList<>(all.subList(0, open + 1));
        remaining.addAll(all.subList(close + 1, all.size()));
        return new BracketedCommand(remaining, all.subList(open + 1, close));
    }
}
