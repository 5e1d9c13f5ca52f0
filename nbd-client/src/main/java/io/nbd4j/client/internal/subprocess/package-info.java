/**
 * Starting a server as a child process whose standard input and output carry the protocol.
 *
 * <p>A <em>rung</em> is one way of wiring the child up (see {@link io.nbd4j.client.SubprocessTransport}). What is the
 * same on every rung lives here: looking the command up, the one thread that spawns, the tail of stderr, ending
 * children at the exit of the JVM.
 */
@NullMarked
package io.nbd4j.client.internal.subprocess;

import org.jspecify.annotations.NullMarked;
