package io.nbd4j.client;

import java.time.Duration;
import java.util.Set;

/** Every default of a client. Each is an option of {@link NbdClientBuilder} of the same name. */
public final class NbdDefaults {
    /** Whether extended headers are asked for: they are. */
    public static final boolean EXTENDED_HEADERS = true;
    /** Whether TLS is used: not. */
    public static final TlsMode TLS_MODE = TlsMode.DISABLE;
    /** Which checks are made of a command before it is sent: all. */
    public static final Set<StrictCheck> STRICT_MODE = StrictCheck.all();
    /** How long a TCP or Unix connect may take, with the resolution of the name, for all addresses together. */
    public static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
    /** How long a handshake may take; in option mode, how long each option may take. */
    public static final Duration HANDSHAKE_TIMEOUT = Duration.ofSeconds(10);
    /** How long closing waits for the requests in flight and waiting. */
    public static final Duration DRAIN_TIMEOUT = Duration.ofSeconds(30);
    /** How long a server or a child process may take to end by itself once the connection was given up (EOF). */
    public static final Duration GRACE_TIMEOUT = Duration.ofSeconds(5);
    /** How long a child process may take to end after SIGTERM, before it is sent SIGKILL. */
    public static final Duration KILL_TIMEOUT = Duration.ofSeconds(5);
    /** How long the server may be silent, and take no bytes, while it owes a reply. */
    public static final Duration STALL_TIMEOUT = Duration.ofSeconds(60);
    /** How long a request may take, from its call to its answer: for ever. */
    public static final Duration REQUEST_TIMEOUT = Duration.ZERO;
    /** How long the event loop polls at most for an answer while few are owed, before it sleeps. */
    public static final Duration BUSY_POLL = Duration.ofNanos(300_000);
    /** The most requests that are in flight on one connection; each piece of a split request counts. */
    public static final int MAX_REQUESTS_IN_FLIGHT = 512;
    /** The most bytes of payload that are in flight on one connection. A single larger request goes alone. */
    public static final long MAX_BYTES_IN_FLIGHT = 64L * 1024 * 1024;
    /** The most requests that wait to be sent on one connection; one more is refused. */
    public static final int MAX_REQUESTS_WAITING = 1 << 20;

    private NbdDefaults() {}
}
