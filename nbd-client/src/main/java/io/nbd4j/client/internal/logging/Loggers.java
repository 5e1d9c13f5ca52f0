package io.nbd4j.client.internal.logging;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The loggers of the connection log, one for each layer. Their names are part of the documentation: users switch them on and
 * off by name.
 */
public final class Loggers {
    /** The state of a handle, and why it ended. */
    public static final Logger HANDLE = LoggerFactory.getLogger("io.nbd4j.client.handle");
    /** The greeting, the options and their replies. */
    public static final Logger NEGOTIATION = LoggerFactory.getLogger("io.nbd4j.client.negotiation");
    /** Requests and replies. */
    public static final Logger TRANSMISSION = LoggerFactory.getLogger("io.nbd4j.client.transmission");
    /** Child processes. */
    public static final Logger SUBPROCESS = LoggerFactory.getLogger("io.nbd4j.client.subprocess");
    /** Sockets, event loops, channels. */
    public static final Logger TRANSPORT = LoggerFactory.getLogger("io.nbd4j.client.transport");
    /** TLS. */
    public static final Logger TLS = LoggerFactory.getLogger("io.nbd4j.client.tls");

    private Loggers() {}
}
