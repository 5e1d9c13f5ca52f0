/**
 * How the server and the helpers of the testkit are made. Not exported: it may change without notice.
 *
 * <p>The server, from a connection to its end: {@code ServerInitializer} gives it a {@code NegotiationHandler}, which does
 * what {@code ServerNegotiation} says, a pure function from messages to replies; all replies to one option are one list.
 * What they end with is an {@code Agreement}, and with that a {@code TransmissionHandler} takes over. It feeds a
 * {@code RequestService}, which carries out one request after the other ({@code RequestRules} says which) and answers
 * through a {@code ReplyWriter}, long replies piece by piece ({@code LongReply}) as fast as the client takes them.
 *
 * <p>Everything that leaves in the transmission phase goes through one {@code ReplySink}, message by message: a simple
 * reply or a chunk, with its payload, and the request that it belongs to. {@code ReplyBatch} is the one that only
 * collects bytes. One that withholds, changes or reorders messages takes its place, and the rest does not notice.
 */
@NullMarked
package io.nbd4j.testkit.internal;

import org.jspecify.annotations.NullMarked;
