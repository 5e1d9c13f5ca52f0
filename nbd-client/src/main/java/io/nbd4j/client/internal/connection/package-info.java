/**
 * The transmission phase of one connection: commands, the table of what is in flight, sending and receiving.
 *
 * <p>Everything here is confined to the event loop of the connection, but for {@link
 * io.nbd4j.client.internal.connection.Connection#submit}, {@link io.nbd4j.client.internal.connection.Inbox#add} and what a
 * future does for its caller.
 */
@NullMarked
package io.nbd4j.client.internal.connection;

import org.jspecify.annotations.NullMarked;
