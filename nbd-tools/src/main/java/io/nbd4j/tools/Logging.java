package io.nbd4j.tools;

/** Sets up the logging back end, before the first logger exists. */
final class Logging {
    private static final String LEVEL = "org.slf4j.simpleLogger.defaultLogLevel";
    private static final String OUR_LEVEL = "org.slf4j.simpleLogger.log.io.nbd4j";

    private Logging() {}

    /**
     * Silences the log, or sends it to standard error: this project's at DEBUG, what others log from INFO on. A level
     * that was set on Java's own command line stands.
     */
    static void configure(boolean debug) {
        set(LEVEL, debug ? "info" : "off");
        if (debug) {
            set(OUR_LEVEL, "debug");
        }
    }

    private static void set(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }
}
