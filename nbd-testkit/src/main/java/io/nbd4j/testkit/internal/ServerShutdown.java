package io.nbd4j.testkit.internal;

/** The event that tells the handlers of a connection that its server goes: they finish what was asked, then close. */
public enum ServerShutdown {
    /** The one such event. */
    INSTANCE
}
