/**
 * The handle: its state, connecting, negotiating, being ready, and closing. Here the parts come together that know nothing
 * of each other: transports, the child process, the negotiation, the connection.
 */
@NullMarked
package io.nbd4j.client.internal.handle;

import org.jspecify.annotations.NullMarked;
