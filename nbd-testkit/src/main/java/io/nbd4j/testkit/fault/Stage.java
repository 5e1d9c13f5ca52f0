package io.nbd4j.testkit.fault;

/** What of a connection a fault can happen to. */
public enum Stage {
    /** The greeting of a client that has connected. */
    CONNECT("a greeting"),
    /** An option and its answer. */
    OPTION("an option"),
    /** A command that has a reply, and its answer. */
    COMMAND("a command"),
    /** The command DISC, which has none. */
    DISCONNECT("DISC");

    private final String words;

    Stage(String words) {
        this.words = words;
    }

    String words() {
        return words;
    }
}
