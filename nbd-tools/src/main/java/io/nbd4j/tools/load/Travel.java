package io.nbd4j.tools.load;

import io.nbd4j.client.TlsSession;
import java.util.Optional;

/**
 * How the bytes travelled.
 *
 * @param transport as {@link io.nbd4j.client.NbdClient#transport} names it
 * @param tls what encrypted them; empty for nothing
 * @param received the payload of about the time that was measured
 */
record Travel(String transport, Optional<TlsSession> tls, Payload received) {}
