package io.nbd4j.client;

/** What becomes of the standard error of a child process. */
public enum StderrPolicy {
    /** The last 8 KiB are kept for errors, and each line goes to SLF4J at DEBUG. */
    CAPTURE,
    /** The child writes to the standard error of this process. */
    INHERIT,
    /** What the child writes is thrown away. */
    DISCARD
}
