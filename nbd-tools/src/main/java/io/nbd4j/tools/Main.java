package io.nbd4j.tools;

/** The entry point of the {@code nbd} command. */
public final class Main {
    private Main() {}

    /** Runs the command line. */
    public static void main(String[] arguments) {
        System.exit(0);
    }
}
