package io.nbd4j.tools;

import io.nbd4j.client.NbdTarget;
import io.nbd4j.client.NbdUri;
import java.util.List;

/** Understands TARGET: an NBD URI, or the bracket that stands for the command that was cut out of the command line. */
public final class Targets {
    private final List<String> command;

    /** Creates what understands a command line from which {@code command} was cut out. */
    public Targets(List<String> command) {
        this.command = command;
    }

    /**
     * Returns what a word of the command line means.
     *
     * @throws ToolException if it is no target
     */
    public NbdTarget of(String word) {
        if (word.equals(BracketedCommand.OPEN)) {
            return NbdTarget.command(command);
        }
        if (!NbdUri.isNbdUri(word)) {
            throw new ToolException("'" + word + "' is neither an NBD URI nor [ COMMAND ARG... ]");
        }
        try {
            return NbdTarget.uri(NbdUri.parse(word));
        } catch (IllegalArgumentException e) {
            throw new ToolException(String.valueOf(e.getMessage()), e);
        }
    }
}
