/**
 * From the first byte of a connection to the first of its transmission phase.
 *
 * <p>What to do is decided by a pure function, {@link io.nbd4j.client.internal.negotiation.NegotiationMachine}: a phase
 * and an event give the next phase and a list of actions. A phase is a record whose methods are the transitions that are
 * legal in it. {@link io.nbd4j.client.internal.negotiation.NegotiationHandler} only translates between the channel and
 * the machine, and owns the clock.
 */
@NullMarked
package io.nbd4j.client.internal.negotiation;

import org.jspecify.annotations.NullMarked;
